/* Two outputs in one multiplication: see lab/deploy/compiler/lanes.py for the proof. */
/* Rounds: a pair's words to its sums, from pair to pair; returns where the next sums go. `weights` are for programs that
 * do not hold them. */
typedef int32_t *lane_program(const uint32_t *x, int32_t *out, const uint32_t *end, const uint8_t *weights);

/* Filters, `together` at a time: a program for each group, or one for all and weights_len weights for each. */
struct lane_groups {
    lane_program *const *programs;
    const uint8_t *weights;
    int32_t weights_len, together;
};

#if defined(__ARM_ARCH_6M__) && defined(__thumb__)
/* Rows of rounds of a program. A round takes r0 from a pair's words to the next pair's, r6 past its sums, brings r7 back
 * to the weights, leaves sp alone and goes back to the address there. Above that: the words' end, the program, the
 * sums, rows left. Steps are in bytes: from row to row, and from a row's end to the next one. */
__attribute__((naked, noinline)) static void lanes_run(
    const uint32_t *x __attribute__((unused)), int32_t *out __attribute__((unused)),
    const uint32_t *end __attribute__((unused)), lane_program *program __attribute__((unused)),
    const uint8_t *weights __attribute__((unused)), int32_t rows __attribute__((unused)),
    int32_t step __attribute__((unused)), int32_t skip __attribute__((unused))) {
    __asm__ volatile(".syntax unified\n"
                     "push {r4, r5, r6, r7, lr}\n"
                     "mov r4, r8\n"
                     "mov r5, r9\n"
                     "mov r6, r10\n"
                     "mov r7, r11\n"
                     "push {r4, r5, r6, r7}\n"
                     "ldr r7, [sp, #36]\n"
                     "ldr r5, [sp, #40]\n"
                     "mov r6, r1\n"
                     "mov r4, r1\n"
                     "ldr r1, 4f\n"
                     "push {r1, r2, r3, r4, r5}\n"
                     "bx r3\n"
                     ".p2align 2\n"
                     "4: .word 1f + 1\n"
                     "1:\n"
                     "ldr r2, [sp, #4]\n"
                     "cmp r0, r2\n"
                     "beq 2f\n"
                     "ldr r2, [sp, #8]\n"
                     "bx r2\n"
                     "2:\n"
                     "ldr r1, [sp, #16]\n"
                     "subs r1, #1\n"
                     "beq 3f\n"
                     "str r1, [sp, #16]\n"
                     "ldr r1, [sp, #64]\n"
                     "adds r2, r2, r1\n"
                     "str r2, [sp, #4]\n"
                     "ldr r1, [sp, #68]\n"
                     "adds r0, r0, r1\n"
                     "ldr r2, [sp, #8]\n"
                     "bx r2\n"
                     "3:\n"
                     "add sp, #20\n"
                     "pop {r4, r5, r6, r7}\n"
                     "mov r8, r4\n"
                     "mov r9, r5\n"
                     "mov r10, r6\n"
                     "mov r11, r7\n"
                     "pop {r4, r5, r6, r7, pc}\n");
}
#else
static inline void lanes_run(const uint32_t *x, int32_t *out, const uint32_t *end, lane_program *program,
                             const uint8_t *weights, int32_t rows, int32_t step, int32_t skip) {
    (void)skip;
    for (int32_t row = 0; row < rows; row++, x += step / 4, end += step / 4) out = program(x, out, end, weights);
}
#endif

/* `rows` rows of `len` words, `step` words apart, to sums one after another. */
INLINE void lanes_group(const struct lane_groups *g, int32_t group, const uint32_t *x, int32_t *out, int32_t len,
                        int32_t rows, int32_t step) {
    const uint8_t *weights = g->weights ? g->weights + group * g->weights_len : NULL;
    lanes_run(x, out, x + len, g->programs[weights ? 0 : group], weights, rows, 4 * step, 4 * (step - len));
}

/* How many filters from this one on are made at once, where programs hold their weights. */
INLINE int32_t lanes_together(const struct lane_groups *g, int32_t left) {
    return left < g->together ? left : g->together;
}

/* The first filter of the group that begins with this one: the last of those with one program repeats some. */
INLINE int32_t lanes_first(const struct lane_groups *g, int32_t filter, int32_t filters) {
    return g->weights && filter > filters - g->together ? filters - g->together : filter;
}

/* A sum below first has the least code, one of last or more the greatest; between, its code is exactly
 * (sum * high + ((sum * low + (sum * lower >> 8)) >> fine) + add) >> 24: see scaling.py. */
struct lane_scale {
    int32_t add, first, last, high;
    uint16_t low;
    uint8_t lower, fine; /* LANES_FINE, or more work */
};

#define LANES_FINE 12

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

/* Values a step and lanes a distance apart; less is what both lanes' center takes off. */
struct lane_pack {
    int32_t step, distance;
    uint32_t less;
};

INLINE struct lane_pack lane_pack_of(int32_t step, int32_t distance, int32_t center) {
    return (struct lane_pack){step, distance, 0u - (uint32_t)center * 0x10001u};
}

#if defined(__ARM_ARCH_6M__) && defined(__thumb__)
/* Four words a round, 10 cycles each; what is over comes first. */
#define LANES_WORD(to, from)       \
    "ldrsb " to ", [r1, r7]\n"     \
    "ldrsb " from ", [r2, r7]\n"   \
    "adds r7, r7, r4\n"            \
    "lsls " from ", " from ", #16\n" \
    "adds " to ", " to ", " from "\n" \
    "add " to ", lr\n"
#define LANES_TWO_WORDS LANES_WORD("r3", "r5") LANES_WORD("r5", "r6") "stmia r0!, {r3, r5}\n"
__attribute__((naked, noinline)) static void lanes_pack(
    uint32_t *x __attribute__((unused)), const int8_t *in __attribute__((unused)),
    const struct lane_pack *how __attribute__((unused)), int32_t len __attribute__((unused))) {
    __asm__ volatile(".syntax unified\n"
                     "push {r4, r5, r6, r7, lr}\n"
                     "ldmia r2!, {r4, r5, r6}\n"
                     "mov lr, r6\n"
                     "adds r2, r1, r5\n"
                     "lsls r5, r3, #2\n"
                     "adds r5, r5, r0\n"
                     "mov r12, r5\n"
                     "movs r7, #0\n"
                     "lsls r3, r3, #30\n"
                     "lsrs r3, r3, #30\n"
                     "beq 2f\n"
                     "1:\n" LANES_WORD("r5", "r6")
                     "stmia r0!, {r5}\n"
                     "subs r3, #1\n"
                     "bne 1b\n"
                     "2:\n"
                     "cmp r0, r12\n"
                     "beq 4f\n"
                     "3:\n" LANES_TWO_WORDS LANES_TWO_WORDS
                     "cmp r0, r12\n"
                     "bne 3b\n"
                     "4:\n"
                     "pop {r4, r5, r6, r7, pc}\n");
}
#else
static inline void lanes_pack(uint32_t *x, const int8_t *in, const struct lane_pack *how, int32_t len) {
    for (const uint32_t *end = x + len; x != end; in += how->step)
        *x++ = (uint32_t)in[0] + ((uint32_t)in[how->distance] << 16) + how->less;
}
#endif

/* How a filter's sums become codes: `rows` rows of `len` codes. Steps are in bytes; a row's step is taken after its
 * last code, on top of that code's own. */
struct lane_call {
    int32_t add, first, last, sum_step;
    int32_t extra; /* out_step, or lift where out_step is part of the code */
    int32_t low, out_min, high, out_max;
    int32_t span, rows, sum_row, out_row; /* span is len * out_step */
    int32_t len, lower, fine, out_step, lift;
};

static inline void lanes_codes_any(int8_t *out, const int32_t *sums, const struct lane_call *q) {
    for (int32_t row = 0; row < q->rows; row++, out += q->out_row, sums += q->sum_row / 4)
        for (const int8_t *end = out + q->span; out != end; out += q->out_step, sums += q->sum_step / 4) {
            const uint32_t sum = (uint32_t)*sums + (uint32_t)q->lift;
            const uint32_t finer = (uint32_t)((int32_t)(sum * (uint32_t)q->lower) >> 8);
            const uint32_t fine = (uint32_t)((int32_t)(sum * (uint32_t)q->low + finer) >> q->fine);
            const int32_t code = (int32_t)(sum * (uint32_t)q->high + fine + (uint32_t)q->add) >> 24;
            *out = (int8_t)((int32_t)sum < q->first ? q->out_min : (int32_t)sum >= q->last ? q->out_max : code);
        }
}

#if defined(__ARM_ARCH_6M__) && defined(__thumb__)
/* The same where lower is 0 and fine LANES_FINE, every number in a register: 18 cycles a code, 11 the least, two a
 * round; a row of odd length begins in the middle. `lift` and `step` are instructions that may add the register
 * r12. */
#define LANES_CODE(lift, step, below, above) \
    "ldr r0, [r1]\n"                         \
    "add r1, r11\n" lift                     \
    "cmp r0, r9\n"                           \
    "blt " below                             \
    "cmp r0, r10\n"                          \
    "bge " above                             \
    "movs r3, r0\n"                          \
    "muls r3, r4, r3\n"                      \
    "asrs r3, r3, #12\n"                     \
    "muls r0, r6, r0\n"                      \
    "adds r0, r0, r3\n"                      \
    "add r0, r8\n"                           \
    "lsrs r0, r0, #24\n"                     \
    "strb r0, [r2]\n" step
#define LANES_CODES(name, lift, step)                                                     \
    __attribute__((naked, noinline, unused)) static void name(                            \
        int8_t *out __attribute__((unused)), const int32_t *sums __attribute__((unused)), \
        const struct lane_call *q __attribute__((unused))) {                              \
        __asm__ volatile(".syntax unified\n"                                              \
                         "push {r4, r5, r6, r7, lr}\n"                                    \
                         "mov r4, r8\n"                                                   \
                         "mov r5, r9\n"                                                   \
                         "mov r6, r10\n"                                                  \
                         "mov r7, r11\n"                                                  \
                         "push {r4, r5, r6, r7}\n"                                        \
                         "ldr r3, [r2, #40]\n"                                            \
                         "push {r2, r3}\n"                                                \
                         "mov r3, r2\n"                                                   \
                         "mov r2, r0\n"                                                   \
                         "ldmia r3!, {r4, r5, r6, r7}\n"                                  \
                         "mov r8, r4\n"                                                   \
                         "mov r9, r5\n"                                                   \
                         "mov r10, r6\n"                                                  \
                         "mov r11, r7\n"                                                  \
                         "ldmia r3!, {r4}\n"                                              \
                         "mov r12, r4\n"                                                  \
                         "ldmia r3!, {r4, r5, r6, r7}\n"                                  \
                         "0:\n"                                                           \
                         "ldr r3, [sp]\n"                                                 \
                         "ldr r0, [r3, #36]\n"                                            \
                         "adds r0, r0, r2\n"                                              \
                         "mov lr, r0\n"                                                   \
                         "ldr r0, [r3, #52]\n"                                            \
                         "lsrs r0, r0, #1\n"                                              \
                         "bcs 2f\n"                                                       \
                         "1:\n" LANES_CODE(lift, step, "5f\n", "6f\n")                    \
                         "2:\n" LANES_CODE(lift, step, "7f\n", "8f\n")                    \
                         "3:\n"                                                           \
                         "cmp r2, lr\n"                                                   \
                         "bne 1b\n"                                                       \
                         "4:\n"                                                           \
                         "ldr r3, [sp, #4]\n"                                             \
                         "subs r3, #1\n"                                                  \
                         "beq 9f\n"                                                       \
                         "str r3, [sp, #4]\n"                                             \
                         "ldr r3, [sp]\n"                                                 \
                         "ldr r0, [r3, #44]\n"                                            \
                         "add r1, r0\n"                                                   \
                         "ldr r0, [r3, #48]\n"                                            \
                         "add r2, r0\n"                                                   \
                         "b 0b\n"                                                         \
                         "5:\n"                                                           \
                         "strb r5, [r2]\n" step                                           \
                         "b 2b\n"                                                         \
                         "6:\n"                                                           \
                         "strb r7, [r2]\n" step                                           \
                         "b 2b\n"                                                         \
                         "7:\n"                                                           \
                         "strb r5, [r2]\n" step                                           \
                         "cmp r2, lr\n"                                                   \
                         "bne 1b\n"                                                       \
                         "b 4b\n"                                                         \
                         "8:\n"                                                           \
                         "strb r7, [r2]\n" step                                           \
                         "b 3b\n"                                                         \
                         "9:\n"                                                           \
                         "pop {r2, r3, r4, r5, r6, r7}\n"                                 \
                         "mov r8, r4\n"                                                   \
                         "mov r9, r5\n"                                                   \
                         "mov r10, r6\n"                                                  \
                         "mov r11, r7\n"                                                  \
                         "pop {r4, r5, r6, r7, pc}\n");                                   \
    }
#else
#define LANES_CODES(name, lift, step)                                                      \
    static inline void name(int8_t *out, const int32_t *sums, const struct lane_call *q) { \
        lanes_codes_any(out, sums, q);                                                     \
    }
#endif

LANES_CODES(lanes_codes_short, "", "add r2, r12\n")

/* For another filter. */
INLINE void lanes_rescale(struct lane_call *call, const struct lane_scale *q) {
    call->add = q->add;
    call->first = q->first;
    call->last = q->last;
    call->low = q->low;
    call->high = q->high;
    call->lower = q->lower;
    call->fine = q->fine;
}

/* `len` sums a row, `sum_step` words apart, to codes `out_step` apart; lanes_rescale makes it some filter's. */
INLINE struct lane_call lanes_call(const struct lane_codes *c, int32_t sum_step, int32_t out_step, int32_t len) {
    return (struct lane_call){.out_min = c->out_min, .out_max = c->out_max, .sum_step = sum_step * 4,
                              .extra = out_step, .span = len * out_step, .rows = 1, .len = len, .out_step = out_step};
}

/* `rows` rows whose sums and codes follow one another, as one. */
INLINE void lanes_join(struct lane_call *call, int32_t rows, int32_t len) {
    call->rows = 1;
    call->len = rows * len;
    call->span = call->len * call->out_step;
}

INLINE int lanes_are_short(const struct lane_call *q) { return q->lower == 0 && q->fine == LANES_FINE; }

INLINE void lanes_codes(int8_t *out, const int32_t *sums, const struct lane_call *q) {
    if (q->span > 0) (lanes_are_short(q) ? lanes_codes_short : lanes_codes_any)(out, sums, q);
}
