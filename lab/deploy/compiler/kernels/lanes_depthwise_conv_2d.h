struct lanes_depthwise_shape {
    struct lane_padding padding;
    int32_t word_rows, words, distance; /* what a channel packs; between its lanes */
    int32_t pairs, step;                          /* columns, and words between them */
    int32_t batch;                                /* rows of sums that there is room for */
    int32_t rows, row_words, twin_row;            /* pairs of rows; words between them; the second lane's first row */
    int32_t words_at, sums_at;
};

COMPACT void lanes_depthwise_conv_2d(int8_t *out, const int8_t *in, int8_t *scratch,
                                    const struct lanes_depthwise_shape *s, const struct lane_groups *groups,
                                    int32_t filters, int32_t per_channel, const struct lane_scale *scales,
                                    const struct lane_codes *c) {
    uint32_t *words = (uint32_t *)(void *)(scratch + s->words_at);
    int32_t *sums = (int32_t *)(void *)(scratch + s->sums_at);
    const int32_t out_row = s->pairs * filters;
    const struct lane_pack pack = lane_pack_of(s->padding.channels, s->distance, c->center);
    in = lanes_padded(in, scratch, &s->padding);
    /* One row a round, and many rounds; or some rows a round, of which the last may be repeated. */
    const int32_t count = groups->together, batch = count > 1 ? count : s->batch;
    struct lane_call how = lanes_call(c, 2 * count, filters, s->pairs);
    how.sum_row = 4 * (2 - s->pairs * 2 * count);
    for (int32_t filter = 0, left = 0; filter < filters; filter++, left--) {
        lanes_rescale(&how, scales + filter);
        if (left == 0) {
            lanes_pack(words, in++, &pack, s->word_rows * s->words);
            left = per_channel;
        }
        for (int32_t done = 0; done < s->rows; done += batch) {
            const int32_t first = count > 1 && done + count > s->rows ? s->rows - count : done;
            const int32_t rows = s->rows - first < batch ? s->rows - first : batch;
            lanes_group(groups, filter, words + first * s->row_words, sums, s->pairs * s->step, count > 1 ? 1 : rows,
                        s->row_words);
            how.rows = rows;
            if (count == 1) lanes_join(&how, rows, s->pairs);
            lanes_codes(out + first * out_row + filter, sums, &how);
            lanes_codes(out + (first + s->twin_row) * out_row + filter, sums + 1, &how);
        }
    }
}
