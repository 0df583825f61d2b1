struct lanes_conv_shape {
    struct lane_padding padding;
    int32_t rounds, batch;                /* rows of outputs, and how many are made at once */
    int32_t round_rows, round_step;       /* rows of words, and input values, from one to the next */
    int32_t word_rows, words, row_step;   /* what one round reads, and input values between its rows */
    int32_t distance, pairs, step;        /* between the lanes; pairs of outputs a round, and words between them */
    int32_t pool_lanes, pool_width;       /* 1: a pair gives one output; outputs side by side that give one */
    int32_t out_width, twin_column;       /* outputs a round; where the second lane's first output goes */
    int32_t words_at, sums_at;            /* in scratch */
};

/* Leaves the greatest of `width` sums side by side in the place of the first. */
INLINE void lanes_greatest(int32_t *sums, int32_t len, int32_t step, int32_t width) {
    for (int32_t i = 0; i < len; i++, sums += width * step)
        for (int32_t column = 1; column < width; column++)
            if (sums[column * step] > *sums) *sums = sums[column * step];
}

COMPACT void lanes_conv_2d(int8_t *out, const int8_t *in, int8_t *scratch, const struct lanes_conv_shape *s,
                          const struct lane_groups *groups, int32_t filters, const struct lane_scale *scales,
                          const struct lane_codes *c) {
    uint32_t *words = (uint32_t *)(void *)(scratch + s->words_at);
    int32_t *sums = (int32_t *)(void *)(scratch + s->sums_at);
    const int32_t lanes = s->pool_lanes ? 1 : 2, len = s->pool_lanes ? s->out_width : s->pairs;
    const struct lane_pack pack = lane_pack_of(1, s->distance, c->center);
    in = lanes_padded(in, scratch, &s->padding);
    for (int32_t first = 0; first < s->rounds; first += s->batch, out += s->batch * s->out_width * filters) {
        const int32_t rounds = s->rounds - first < s->batch ? s->rounds - first : s->batch;
        for (int32_t round = 0; round < rounds; round++) {
            uint32_t *row_words = words + round * s->round_rows * s->words;
            const int8_t *rows = in + (first + round) * s->round_step;
            for (int32_t row = round == 0 ? 0 : s->word_rows - s->round_rows; row < s->word_rows; row++)
                lanes_pack(row_words + row * s->words, rows + row * s->row_step, &pack, s->words);
        }
        for (int32_t group = 0, filter = 0; filter < filters; group++) {
            filter = lanes_first(groups, filter, filters);
            const int32_t count = lanes_together(groups, filters - filter);
            lanes_group(groups, group, words, sums, s->pairs * s->step, rounds, s->round_rows * s->words);
            struct lane_call how = lanes_call(c, lanes * count * s->pool_width, filters, len);
            how.rows = rounds;
            how.out_row = (s->out_width - len) * filters;
            if (how.out_row == 0) lanes_join(&how, rounds, len);
            for (int32_t i = 0; i < count; i++, filter++) {
                lanes_rescale(&how, scales + filter);
                if (s->pool_width > 1) lanes_greatest(sums + i, rounds * s->out_width, count, s->pool_width);
                lanes_codes(out + filter, sums + lanes * i, &how);
                if (!s->pool_lanes) lanes_codes(out + s->twin_column * filters + filter, sums + 2 * i + 1, &how);
            }
        }
    }
}
