/* 1 / (1 + x) for x in [0, 1), both with 31 fraction bits: three steps of Newton's division. */
static inline int32_t reciprocal(int32_t x) {
    const int32_t half = (int32_t)(((uint32_t)x + 0x80000000u) >> 1); /* (1 + x) / 2, rounded */
    int32_t guess = 1515870810 + multiply_high(half, -1010580540);    /* 48/17 - 32/17 half, 29 fraction bits */
    for (int i = 0; i < 3; i++) guess += multiply_high(guess, (1 << 29) - multiply_high(half, guess)) * 4;
    return guess >= 1 << 30 ? INT32_MAX : guess * 2;
}

static inline int32_t leading_zeros(uint32_t value) {
    int32_t zeros = 0;
    for (; !(value & 0x80000000u); value <<= 1) zeros++;
    return zeros;
}

/* Each row's codes to probabilities of 1/256; table is exp of minus the distance from the row's greatest code. */
INLINE void softmax(int8_t *out, const int8_t *in, const int32_t *table, int32_t rows, int32_t depth) {
    for (int32_t row = 0; row < rows; row++, in += depth, out += depth) {
        int32_t most = -128, sum = 0;
        for (int32_t i = 0; i < depth; i++)
            if (in[i] > most) most = in[i];
        for (int32_t i = 0; i < depth; i++) sum += (int32_t)(((uint32_t)table[most - in[i]] + (1u << 11)) >> 12);
        const int32_t zeros = leading_zeros((uint32_t)sum);
        const int32_t scale = reciprocal((int32_t)(((uint32_t)sum << zeros) - 0x80000000u));
        const int32_t right = 12 - zeros + 31 - 8, mask = (int32_t)((1u << right) - 1u);
        for (int32_t i = 0; i < depth; i++) {
            const int32_t share = multiply_high(scale, table[most - in[i]]);
            out[i] = clamp((share >> right) + ((share & mask) > (mask >> 1)), -128, -128, 127);
        }
    }
}
