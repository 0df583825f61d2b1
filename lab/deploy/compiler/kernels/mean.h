/* Sums over outer x inner blocks; the division is part of the multiplier. */
struct mean_shape {
    int32_t kept[4], kept_step[4], summed[4], summed_step[4];
    int32_t offset, multiplier, shift, out_offset;
};

INLINE int32_t mean_sum(const int8_t *in, const struct mean_shape *s) {
    int32_t sum = 0;
    for (int32_t i0 = 0; i0 < s->summed[0]; i0++)
        for (int32_t i1 = 0; i1 < s->summed[1]; i1++)
            for (int32_t i2 = 0; i2 < s->summed[2]; i2++)
                for (int32_t i3 = 0; i3 < s->summed[3]; i3++)
                    sum += in[i0 * s->summed_step[0] + i1 * s->summed_step[1] + i2 * s->summed_step[2] +
                              i3 * s->summed_step[3]];
    return sum;
}

INLINE void mean(int8_t *out, const int8_t *in, const struct mean_shape *s) {
    for (int32_t i0 = 0; i0 < s->kept[0]; i0++)
        for (int32_t i1 = 0; i1 < s->kept[1]; i1++)
            for (int32_t i2 = 0; i2 < s->kept[2]; i2++)
                for (int32_t i3 = 0; i3 < s->kept[3]; i3++) {
                    const int8_t *first = in + i0 * s->kept_step[0] + i1 * s->kept_step[1] + i2 * s->kept_step[2] +
                                          i3 * s->kept_step[3];
                    *out++ = clamp(requantize(mean_sum(first, s) + s->offset, s->multiplier, s->shift), s->out_offset,
                                   -128, 127);
                }
}
