/* One row of a convolution's outputs: the lanes are the halves of the row. */
struct lane_row {
    int32_t kernel_rows, words, step, distance; /* rows it reads; words of each; between pairs; between the lanes */
    int32_t pairs, twin, filters, per_channel;  /* twin: the second lane's first column; per_channel 0: all channels */
    int32_t channels;
    struct lane_codes codes;
};

/* Both lanes' sums of a filter to codes, as two rows. */
INLINE struct lane_call lane_row_call(const struct lane_row *s, int32_t count) {
    struct lane_call how = lanes_call(&s->codes, 2 * count, s->filters, s->pairs);
    how.rows = 2;
    how.sum_row = 4 - s->pairs * how.sum_step;
    how.out_row = (s->twin - s->pairs) * s->filters;
    return how;
}

/* A place past the end of `count` begins again. */
INLINE uint32_t lane_wrapped(uint32_t place, uint32_t count) { return place < count ? place : place - count; }

INLINE uint32_t lane_word(const int8_t *from) {
    uint32_t word;
    memcpy(&word, __builtin_assume_aligned(from, 4), 4);
    return word;
}

/* The greater of two rows' codes; `len` is a multiple of 4, and rows are aligned. */
SHARED void lanes_greater_row(int8_t *out, const int8_t *a, const int8_t *b, int32_t len) {
    const uint32_t high = 0x80808080u;
    for (const int8_t *end = out + len; out != end; out += 4, a += 4, b += 4) {
        const uint32_t first = lane_word(a), second = lane_word(b), apart = first ^ second;
        /* The sign bit of each byte: whether the first's other bits are not less than the second's. */
        const uint32_t above = (first | high) - (second & ~high);
        const uint32_t is_first = ((second & ~first) | (~apart & above)) & high;
        const uint32_t word = second ^ (apart & ((is_first >> 7) * 255u));
        memcpy(__builtin_assume_aligned(out, 4), &word, 4);
    }
}

/* `in` are the rows it reads; lift is added to all their codes. */
COMPACT void lanes_conv_row(int8_t *out, const int8_t *const *in, uint32_t *words, int32_t *sums,
                           const struct lane_row *s, const struct lane_groups *groups, const struct lane_scale *scales,
                           int32_t lift) {
    const struct lane_pack pack = lane_pack_of(1, s->distance, s->codes.center - lift);
    for (int32_t row = 0; row < s->kernel_rows; row++) lanes_pack(words + row * s->words, in[row], &pack, s->words);
    for (int32_t group = 0, filter = 0; filter < s->filters; group++) {
        filter = lanes_first(groups, filter, s->filters);
        const int32_t count = lanes_together(groups, s->filters - filter);
        struct lane_call how = lane_row_call(s, count);
        lanes_group(groups, group, words, sums, s->pairs * s->step, 1, 0);
        for (int32_t i = 0; i < count; i++, filter++) {
            lanes_rescale(&how, scales + filter);
            lanes_codes(out + filter, sums + 2 * i, &how);
        }
    }
}

/* The same where every channel has filters of its own. */
COMPACT void lanes_depthwise_row(int8_t *out, const int8_t *const *in, uint32_t *words,
                                                        int32_t *sums, const struct lane_row *s,
                                                        const struct lane_groups *groups, const struct lane_scale *scales,
                                                        int32_t lift) {
    const struct lane_pack pack = lane_pack_of(s->channels, s->distance, s->codes.center - lift);
    struct lane_call how = lane_row_call(s, 1);
    for (int32_t filter = 0, channel = -1, left = 0; filter < s->filters; filter++, left--) {
        if (left == 0) {
            left = s->per_channel;
            channel++;
            for (int32_t row = 0; row < s->kernel_rows; row++)
                lanes_pack(words + row * s->words, in[row] + channel, &pack, s->words);
        }
        lanes_group(groups, filter, words, sums, s->pairs * s->step, 1, 0);
        lanes_rescale(&how, scales + filter);
        lanes_codes(out + filter, sums, &how);
    }
}
