/* Copies rows of len values between blocks of different pitch. */
INLINE void copy_block(int8_t *out, const int8_t *in, int32_t rows, int32_t len, int32_t out_step, int32_t in_step) {
    for (int32_t row = 0; row < rows; row++) memcpy(out + row * out_step, in + row * in_step, (size_t)len);
}
