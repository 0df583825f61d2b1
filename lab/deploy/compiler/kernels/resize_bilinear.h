/* Each output lies between two rows and two columns: (lower, upper, weight of the upper in 1/1024), known beforehand. */
INLINE void resize_bilinear(int8_t *out, const int8_t *in, const uint16_t *rows, const uint16_t *columns,
                            int32_t batches, int32_t in_height, int32_t in_width, int32_t out_height,
                            int32_t out_width, int32_t channels) {
    for (int32_t batch = 0; batch < batches; batch++, in += in_height * in_width * channels)
        for (int32_t y = 0; y < out_height; y++) {
            const int8_t *above = in + rows[3 * y] * in_width * channels;
            const int8_t *below = in + rows[3 * y + 1] * in_width * channels;
            const int32_t down = rows[3 * y + 2];
            for (int32_t x = 0; x < out_width; x++) {
                const int32_t left = columns[3 * x] * channels, right = columns[3 * x + 1] * channels;
                const int32_t across = columns[3 * x + 2];
                for (int32_t channel = 0; channel < channels; channel++) {
                    const int32_t upper = above[left + channel] * (1024 - across) + above[right + channel] * across;
                    const int32_t lower = below[left + channel] * (1024 - across) + below[right + channel] * across;
                    const int32_t sum = upper * (1024 - down) + lower * down;
                    *out++ = (int8_t)((sum + (sum > 0 ? 1 << 19 : -(1 << 19))) / (1 << 20));
                }
            }
        }
}
