/* What a convolution multiplies with. The input's zero point is folded into bias. */
struct filters {
    const uint8_t *weights; /* plus 128; four filters side by side, tap by tap; those left over one after another */
    const int32_t *bias, *multiplier;
    const int8_t *shift;
    int32_t count, out_offset, out_min, out_max;
    int32_t rounding; /* ROUND_TWICE, … */
};

INLINE int8_t conv_2d_code(int32_t sum, const struct filters *f, int32_t filter) {
    const int32_t multiplier = f->multiplier[filter], shift = f->shift[filter];
    return clamp(requantize_as(f->rounding, sum, multiplier, shift), f->out_offset, f->out_min, f->out_max);
}

/* 128 times the window's sum: what the 128 in every weight adds. Loading unsigned bytes needs no sign extension. */
INLINE int32_t conv_2d_excess(struct window field, const struct window_shape *s) {
    int32_t sum = 0;
    for (int32_t row = 0; row < s->kernel_height; row++)
        for (int32_t i = 0; i < s->kernel_width * s->channels; i++) sum += field.first[row * field.row_step + i];
    return sum * 128;
}

INLINE void conv_2d_pixel(int8_t *out, struct window field, const struct window_shape *s, const struct filters *f) {
    const int32_t row_len = s->kernel_width * s->channels, excess = conv_2d_excess(field, s);
    const uint8_t *weight = f->weights;
    int32_t filter = 0;
    for (; filter + 4 <= f->count; filter += 4) {
        int32_t a = f->bias[filter] - excess, b = f->bias[filter + 1] - excess;
        int32_t c = f->bias[filter + 2] - excess, d = f->bias[filter + 3] - excess;
        for (int32_t row = 0; row < s->kernel_height; row++) {
            const int8_t *value = field.first + row * field.row_step;
#pragma GCC unroll 8
            for (int32_t i = 0; i < row_len; i++, weight += 4) {
                const int32_t x = value[i];
                a += x * weight[0];
                b += x * weight[1];
                c += x * weight[2];
                d += x * weight[3];
            }
        }
        out[filter] = conv_2d_code(a, f, filter);
        out[filter + 1] = conv_2d_code(b, f, filter + 1);
        out[filter + 2] = conv_2d_code(c, f, filter + 2);
        out[filter + 3] = conv_2d_code(d, f, filter + 3);
    }
    for (; filter < f->count; filter++) {
        int32_t sum = f->bias[filter] - excess;
        for (int32_t row = 0; row < s->kernel_height; row++) {
            const int8_t *value = field.first + row * field.row_step;
            for (const int8_t *end = value + row_len; value != end; value++, weight++) sum += *value * *weight;
        }
        out[filter] = conv_2d_code(sum, f, filter);
    }
}

INLINE void conv_2d(int8_t *out, const int8_t *in, int8_t *patch, const struct window_shape *s,
                    const struct filters *f) {
    for (int32_t batch = 0; batch < s->batches; batch++, in += s->in_height * s->in_width * s->channels)
        for (int32_t y = 0; y < s->out_height; y++)
            for (int32_t x = 0; x < s->out_width; x++, out += f->count) {
                const int32_t top = y * s->stride_height - s->pad_top, left = x * s->stride_width - s->pad_left;
                conv_2d_pixel(out, window_at(in, patch, s, top, left), s, f);
            }
}
