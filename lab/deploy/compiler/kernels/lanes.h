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

/* How a filter's sums become codes: `rows` rows of `len` codes. Steps are in bytes; a row's step is taken after its
 * last code, on top of that code's own. */
struct lane_call {
    int32_t add, out_min, out_max, sum_step;
    int32_t extra; /* out_step, or lift where out_step is part of the code */
    int32_t low, fine, high, shift;
    int32_t span, rows, sum_row, out_row; /* span is len * out_step */
    int32_t lower, out_step, lift;
};

static inline void lanes_codes_any(int8_t *out, const int32_t *sums, const struct lane_call *q) {
    for (int32_t row = 0; row < q->rows; row++, out += q->out_row, sums += q->sum_row / 4)
        for (const int8_t *end = out + q->span; out != end; out += q->out_step, sums += q->sum_step / 4) {
            const uint32_t sum = (uint32_t)*sums + (uint32_t)q->lift;
            const uint32_t finer = (uint32_t)((int32_t)(sum * (uint32_t)q->lower) >> 8);
            const uint32_t fine = (uint32_t)((int32_t)(sum * (uint32_t)q->low + finer) >> q->fine);
            const int32_t code = (int32_t)(sum * (uint32_t)q->high + fine + (uint32_t)q->add) >> q->shift;
            *out = (int8_t)(code < q->out_min ? q->out_min : code > q->out_max ? q->out_max : code);
        }
}

#if defined(__ARM_ARCH_6M__) && defined(__thumb__)
/* The same where lower is 0, every number in a register: 20 cycles a code. `lift` and `step` are instructions that
 * may add the register r12. */
#define LANES_CODES(name, lift, step)                                                                          \
    __attribute__((naked, noinline, unused)) static void name(                                                 \
        int8_t *out __attribute__((unused)), const int32_t *sums __attribute__((unused)),                      \
        const struct lane_call *q __attribute__((unused))) {                                                   \
        __asm__ volatile(".syntax unified\n"                                                                   \
                         "push {r4, r5, r6, r7, lr}\n"                                                         \
                         "mov r4, r8\n"                                                                        \
                         "mov r5, r9\n"                                                                        \
                         "mov r6, r10\n"                                                                       \
                         "mov r7, r11\n"                                                                       \
                         "push {r4, r5, r6, r7}\n"                                                             \
                         "ldr r3, [r2, #40]\n"                                                                 \
                         "push {r2, r3}\n"                                                                     \
                         "mov r3, r2\n"                                                                        \
                         "mov r2, r0\n"                                                                        \
                         "ldmia r3!, {r4, r5, r6, r7}\n"                                                       \
                         "mov r8, r4\n"                                                                        \
                         "mov r9, r5\n"                                                                        \
                         "mov r10, r6\n"                                                                       \
                         "mov r11, r7\n"                                                                       \
                         "ldmia r3!, {r4}\n"                                                                   \
                         "mov r12, r4\n"                                                                       \
                         "ldmia r3!, {r4, r5, r6, r7}\n"                                                       \
                         "0:\n"                                                                                \
                         "ldr r3, [sp]\n"                                                                      \
                         "ldr r3, [r3, #36]\n"                                                                 \
                         "adds r3, r3, r2\n"                                                                   \
                         "mov lr, r3\n"                                                                        \
                         "1:\n"                                                                                \
                         "ldr r0, [r1]\n"                                                                      \
                         "add r1, r11\n" lift                                                                  \
                         "movs r3, r0\n"                                                                       \
                         "muls r3, r4, r3\n"                                                                   \
                         "asrs r3, r5\n"                                                                       \
                         "muls r0, r6, r0\n"                                                                   \
                         "adds r0, r0, r3\n"                                                                   \
                         "add r0, r8\n"                                                                        \
                         "asrs r0, r7\n"                                                                       \
                         "cmp r0, r9\n"                                                                        \
                         "blt 3f\n"                                                                            \
                         "cmp r0, r10\n"                                                                       \
                         "bgt 4f\n"                                                                            \
                         "2:\n"                                                                                \
                         "strb r0, [r2]\n" step                                                                \
                         "cmp r2, lr\n"                                                                        \
                         "bne 1b\n"                                                                            \
                         "ldr r3, [sp, #4]\n"                                                                  \
                         "subs r3, #1\n"                                                                       \
                         "beq 5f\n"                                                                            \
                         "str r3, [sp, #4]\n"                                                                  \
                         "ldr r3, [sp]\n"                                                                      \
                         "ldr r0, [r3, #44]\n"                                                                 \
                         "add r1, r0\n"                                                                        \
                         "ldr r0, [r3, #48]\n"                                                                 \
                         "add r2, r0\n"                                                                        \
                         "b 0b\n"                                                                              \
                         "3:\n"                                                                                \
                         "mov r0, r9\n"                                                                        \
                         "b 2b\n"                                                                              \
                         "4:\n"                                                                                \
                         "mov r0, r10\n"                                                                       \
                         "b 2b\n"                                                                              \
                         "5:\n"                                                                                \
                         "pop {r2, r3, r4, r5, r6, r7}\n"                                                      \
                         "mov r8, r4\n"                                                                        \
                         "mov r9, r5\n"                                                                        \
                         "mov r10, r6\n"                                                                       \
                         "mov r11, r7\n"                                                                       \
                         "pop {r4, r5, r6, r7, pc}\n");                                                        \
    }
#else
#define LANES_CODES(name, lift, step)                                                                          \
    static inline void name(int8_t *out, const int32_t *sums, const struct lane_call *q) {                     \
        lanes_codes_any(out, sums, q);                                                                         \
    }
#endif

LANES_CODES(lanes_codes_short, "", "add r2, r12\n")

/* Sums of one filter, `sum_step` words apart, to codes `out_step` apart. */
INLINE struct lane_call lanes_call(const struct lane_scale *q, const struct lane_codes *c, int32_t sum_step,
                                   int32_t out_step, int32_t len) {
    return (struct lane_call){.add = q->add, .out_min = c->out_min, .out_max = c->out_max, .sum_step = sum_step * 4,
                              .extra = out_step, .low = q->low, .fine = q->fine, .high = q->high, .shift = q->shift,
                              .span = len * out_step, .rows = 1, .lower = q->lower, .out_step = out_step};
}

/* The same steps for another filter. */
INLINE void lanes_rescale(struct lane_call *call, const struct lane_scale *q) {
    call->add = q->add;
    call->low = q->low;
    call->fine = q->fine;
    call->high = q->high;
    call->shift = q->shift;
    call->lower = q->lower;
}

INLINE void lanes_codes(int8_t *out, const int32_t *sums, const struct lane_call *q) {
    if (q->span > 0) (q->lower ? lanes_codes_any : lanes_codes_short)(out, sums, q);
}
