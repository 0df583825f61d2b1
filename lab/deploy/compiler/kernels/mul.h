struct mul_scales {
    int32_t first_offset, second_offset, multiplier, shift, out_offset, out_min, out_max;
};

INLINE void mul(int8_t *out, const int8_t *in, const int8_t *other, const struct broadcast_shape *s,
                const struct mul_scales *q) {
    FOR_BROADCAST(s, first, second) {
        const int32_t product = (in[first] + q->first_offset) * (other[second] + q->second_offset);
        *out++ = clamp(requantize(product, q->multiplier, q->shift), q->out_offset, q->out_min, q->out_max);
    }
}
