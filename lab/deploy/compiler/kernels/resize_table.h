/* The same as resize, each value through an element-wise function on its way: 256 outputs, by code from -128. */
INLINE void resize_table(int8_t *out, const int8_t *in, const uint16_t *rows, const uint16_t *columns,
                         const int8_t *table, int32_t batches, int32_t in_height, int32_t in_width,
                         int32_t out_height, int32_t out_width, int32_t channels) {
    table += 128;
    for (int32_t batch = 0; batch < batches; batch++, in += in_height * in_width * channels)
        for (int32_t y = 0; y < out_height; y++) {
            const int8_t *row = in + rows[y] * in_width * channels;
            for (int32_t x = 0; x < out_width; x++)
                for (int32_t channel = 0; channel < channels; channel++)
                    *out++ = table[row[columns[x] * channels + channel]];
        }
}
