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

/* `in` are the rows it reads; lift is added to all their codes. */
static void lanes_conv_row(int8_t *out, const int8_t *const *in, uint32_t *words, int32_t *sums,
                           const struct lane_row *s, const struct lane_group *group, const struct lane_scale *scale,
                           int32_t lift) {
    const struct lane_pack pack = lane_pack_of(1, s->distance, s->codes.center - lift);
    for (int32_t row = 0; row < s->kernel_rows; row++) lanes_pack(words + row * s->words, in[row], &pack, s->words);
    for (int32_t filter = 0; filter < s->filters; group++) {
        struct lane_call how = lane_row_call(s, group->count);
        group->run(words, sums, words + s->pairs * s->step);
        for (int32_t i = 0; i < group->count; i++, filter++, scale++) {
            lanes_rescale(&how, scale);
            lanes_codes(out + filter, sums + 2 * i, &how);
        }
    }
}

/* The same where every channel has filters of its own. */
static __attribute__((unused)) void lanes_depthwise_row(int8_t *out, const int8_t *const *in, uint32_t *words,
                                                        int32_t *sums, const struct lane_row *s,
                                                        const struct lane_group *group, const struct lane_scale *scale,
                                                        int32_t lift) {
    const struct lane_pack pack = lane_pack_of(s->channels, s->distance, s->codes.center - lift);
    struct lane_call how = lane_row_call(s, 1);
    for (int32_t filter = 0; filter < s->filters; filter++, group++, scale++) {
        if (filter % s->per_channel == 0)
            for (int32_t row = 0; row < s->kernel_rows; row++)
                lanes_pack(words + row * s->words, in[row] + filter / s->per_channel, &pack, s->words);
        group->run(words, sums, words + s->pairs * s->step);
        lanes_rescale(&how, scale);
        lanes_codes(out + filter, sums, &how);
    }
}
