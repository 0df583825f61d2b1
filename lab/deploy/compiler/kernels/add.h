/* Both inputs brought to one scale with 20 bits to spare, added or subtracted, and brought to the output's. */
struct add_scales {
    int32_t first_offset, first_multiplier, first_shift, second_offset, second_multiplier, second_shift;
    int32_t sign, multiplier, shift, out_offset, out_min, out_max;
};

INLINE void add(int8_t *out, const int8_t *in, const int8_t *other, const struct broadcast_shape *s,
                const struct add_scales *q) {
    FOR_BROADCAST(s, first, second) {
        const int32_t a = requantize((in[first] + q->first_offset) * (1 << 20), q->first_multiplier, q->first_shift);
        const int32_t b =
            requantize((other[second] + q->second_offset) * (1 << 20), q->second_multiplier, q->second_shift);
        *out++ = clamp(requantize(a + q->sign * b, q->multiplier, q->shift), q->out_offset, q->out_min, q->out_max);
    }
}
