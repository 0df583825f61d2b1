/* The mean of what lies inside, halves away from zero. */
INLINE void average_pool_2d(int8_t *out, const int8_t *in, const struct window_shape *s, int32_t low, int32_t high) {
    for (int32_t batch = 0; batch < s->batches; batch++, in += s->in_height * s->in_width * s->channels)
        for (int32_t y = 0; y < s->out_height; y++)
            for (int32_t x = 0; x < s->out_width; x++) {
                const struct span rows = inside(y * s->stride_height - s->pad_top, s->kernel_height, s->in_height);
                const struct span columns = inside(x * s->stride_width - s->pad_left, s->kernel_width, s->in_width);
                const int32_t count = (rows.end - rows.first) * (columns.end - columns.first);
                for (int32_t channel = 0; channel < s->channels; channel++) {
                    int32_t sum = 0;
                    for (int32_t row = rows.first; row < rows.end; row++)
                        for (int32_t column = columns.first; column < columns.end; column++)
                            sum += in[(row * s->in_width + column) * s->channels + channel];
                    *out++ = clamp((sum > 0 ? sum + count / 2 : sum - count / 2) / count, 0, low, high);
                }
            }
}
