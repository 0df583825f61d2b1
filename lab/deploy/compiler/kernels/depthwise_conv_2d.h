/* Every channel by its own `multiplier` filters. The input's zero point is folded into bias. */
struct channel_filters {
    const int8_t *weights; /* out channels, rows, columns */
    const int32_t *bias, *multiplier;
    const int8_t *shift;
    int32_t per_channel, out_offset, out_min, out_max;
    int32_t rounding; /* ROUND_TWICE, … */
};

INLINE int8_t depthwise_code(struct window field, const struct window_shape *s, const struct channel_filters *f,
                             int32_t channel, int32_t filter) {
    const int8_t *weight = f->weights + filter * s->kernel_height * s->kernel_width, *row_first = field.first + channel;
    int32_t sum = f->bias[filter];
    for (int32_t row = 0; row < s->kernel_height; row++, row_first += field.row_step) {
        const int8_t *value = row_first;
        for (int32_t column = 0; column < s->kernel_width; column++, value += s->channels) sum += *value * *weight++;
    }
    sum = requantize_as(f->rounding, sum, f->multiplier[filter], f->shift[filter]);
    return clamp(sum, f->out_offset, f->out_min, f->out_max);
}

INLINE void depthwise_conv_2d(int8_t *out, const int8_t *in, int8_t *patch, const struct window_shape *s,
                              const struct channel_filters *f) {
    for (int32_t batch = 0; batch < s->batches; batch++, in += s->in_height * s->in_width * s->channels)
        for (int32_t y = 0; y < s->out_height; y++)
            for (int32_t x = 0; x < s->out_width; x++) {
                const int32_t top = y * s->stride_height - s->pad_top, left = x * s->stride_width - s->pad_left;
                const struct window field = window_at(in, patch, s, top, left);
                for (int32_t channel = 0; channel < s->channels; channel++)
                    for (int32_t twin = 0; twin < f->per_channel; twin++)
                        *out++ = depthwise_code(field, s, f, channel, channel * f->per_channel + twin);
            }
}
