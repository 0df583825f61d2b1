/* Two outputs in one multiplication: see lab/deploy/compiler/lanes.py for the proof. */
struct lane_group {
    void (*run)(const uint32_t *x, int32_t *out, const uint32_t *end);
    int32_t count;
};

/* A sum's code is (sum * high + ((sum * low + (sum * lower >> 8)) >> fine) + add) >> shift, exactly: see scaling.py. */
struct lane_scale {
    int32_t high, low, lower, add;
    uint8_t fine, shift;
};

struct lane_codes {
    int32_t center, out_min, out_max;
};

struct lane_padding {
    int32_t height, width, channels, top, left, padded_height, padded_width, code;
};

/* The input with its border, in scratch; the input itself where it needs none. */
INLINE const int8_t *lanes_padded(const int8_t *in, int8_t *scratch, const struct lane_padding *s) {
    const int32_t row_len = s->width * s->channels, padded_len = s->padded_width * s->channels;
    if (s->padded_height == s->height && s->padded_width == s->width) return in;
    memset(scratch, s->code, (size_t)(s->padded_height * padded_len));
    for (int32_t y = 0; y < s->height && y + s->top < s->padded_height; y++)
        memcpy(scratch + (y + s->top) * padded_len + s->left * s->channels, in + y * row_len,
               (size_t)(row_len < padded_len - s->left * s->channels ? row_len : padded_len - s->left * s->channels));
    return scratch;
}

INLINE void lanes_pack(uint32_t *x, const int8_t *in, int32_t len, int32_t step, int32_t distance, int32_t center) {
    const uint32_t both = (uint32_t)center * 0x10001u;
    const int8_t *other = in + distance;
#pragma GCC unroll 4
    for (int32_t i = 0; i < len; i++, in += step, other += step)
        *x++ = (uint32_t)*in + ((uint32_t)*other << 16) - both;
}

/* How a filter's sums become codes: out[i * out_step] from sums[i * sum_step]. */
struct lane_call {
    int32_t add, out_min, out_max;
    int32_t sum_step, out_step; /* in bytes */
    int32_t low, fine, high, shift, lower;
};

static inline void lanes_codes_any(int8_t *out, const int32_t *sums, const int8_t *end, const struct lane_call *q) {
    for (; out != end; out += q->out_step, sums += q->sum_step / 4) {
        const uint32_t sum = (uint32_t)*sums;
        const uint32_t finer = (uint32_t)((int32_t)(sum * (uint32_t)q->lower) >> 8);
        const uint32_t fine = (uint32_t)((int32_t)(sum * (uint32_t)q->low + finer) >> q->fine);
        const int32_t code = (int32_t)(sum * (uint32_t)q->high + fine + (uint32_t)q->add) >> q->shift;
        *out = (int8_t)(code < q->out_min ? q->out_min : code > q->out_max ? q->out_max : code);
    }
}

#if defined(__ARM_ARCH_6M__) && defined(__thumb__)
/* The same where lower is 0, every number in a register: 20 cycles a code. */
__attribute__((naked, noinline, unused)) static void lanes_codes_short(
    int8_t *out __attribute__((unused)), const int32_t *sums __attribute__((unused)),
    const int8_t *end __attribute__((unused)), const struct lane_call *q __attribute__((unused))) {
    __asm__ volatile(
        ".syntax unified\n"
        "push {r4, r5, r6, r7, lr}\n"
        "mov r4, r8\n"
        "mov r5, r9\n"
        "mov r6, r10\n"
        "mov r7, r11\n"
        "push {r4, r5, r6, r7}\n"
        "mov lr, r2\n"
        "mov r2, r0\n"
        "ldmia r3!, {r4, r5, r6, r7}\n"
        "mov r8, r4\n"
        "mov r9, r5\n"
        "mov r10, r6\n"
        "mov r11, r7\n"
        "ldmia r3!, {r4}\n"
        "mov r12, r4\n"
        "ldmia r3!, {r4, r5, r6, r7}\n"
        "1:\n"
        "ldr r0, [r1]\n"
        "add r1, r11\n"
        "movs r3, r0\n"
        "muls r3, r4, r3\n"
        "asrs r3, r5\n"
        "muls r0, r6, r0\n"
        "adds r0, r0, r3\n"
        "add r0, r8\n"
        "asrs r0, r7\n"
        "cmp r0, r9\n"
        "blt 3f\n"
        "cmp r0, r10\n"
        "bgt 4f\n"
        "2:\n"
        "strb r0, [r2]\n"
        "add r2, r12\n"
        "cmp r2, lr\n"
        "bne 1b\n"
        "pop {r4, r5, r6, r7}\n"
        "mov r8, r4\n"
        "mov r9, r5\n"
        "mov r10, r6\n"
        "mov r11, r7\n"
        "pop {r4, r5, r6, r7, pc}\n"
        "3:\n"
        "mov r0, r9\n"
        "b 2b\n"
        "4:\n"
        "mov r0, r10\n"
        "b 2b\n");
}
#else
#define lanes_codes_short lanes_codes_any
#endif

INLINE struct lane_call lanes_call(const struct lane_scale *q, const struct lane_codes *c, int32_t sum_step,
                                   int32_t out_step) {
    return (struct lane_call){q->add, c->out_min, c->out_max, sum_step * 4, out_step,
                              q->low, q->fine, q->high, q->shift, q->lower};
}

/* Scales len sums to codes; none where len is 0. */
INLINE void lanes_codes(int8_t *out, const int32_t *sums, int32_t len, const struct lane_call *q) {
    if (len == 0) return;
    (q->lower ? lanes_codes_any : lanes_codes_short)(out, sums, out + len * q->out_step, q);
}
