struct pad_shape {
    int32_t size[4], before[4], after[4], code;
};

INLINE void pad(int8_t *out, const int8_t *in, const struct pad_shape *s) {
    const int32_t wide = (s->before[3] + s->size[3] + s->after[3]);
    const int32_t plane = wide * (s->before[2] + s->size[2] + s->after[2]);
    const int32_t cube = plane * (s->before[1] + s->size[1] + s->after[1]);
    memset(out, s->code, (size_t)(cube * (s->before[0] + s->size[0] + s->after[0])));
    out += s->before[0] * cube + s->before[1] * plane + s->before[2] * wide + s->before[3];
    for (int32_t i0 = 0; i0 < s->size[0]; i0++)
        for (int32_t i1 = 0; i1 < s->size[1]; i1++)
            for (int32_t i2 = 0; i2 < s->size[2]; i2++, in += s->size[3])
                memcpy(out + i0 * cube + i1 * plane + i2 * wide, in, (size_t)s->size[3]);
}
