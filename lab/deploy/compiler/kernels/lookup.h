/* An element-wise function of one input: 256 outputs, by code from -128. */
INLINE void lookup(int8_t *out, const int8_t *in, const int8_t *table, int32_t len) {
    for (int32_t i = 0; i < len; i++) out[i] = table[in[i] + 128];
}
