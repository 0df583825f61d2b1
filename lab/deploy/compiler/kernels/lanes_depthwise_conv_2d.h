struct lanes_depthwise_shape {
    struct lane_padding padding;
    int32_t word_rows, words, distance; /* what a channel packs; between its lanes */
    int32_t pairs, step;                          /* columns, and words between them */
    int32_t rows, row_words, twin_row;            /* pairs of rows; words between them; the second lane's first row */
    int32_t words_at, sums_at;
};

INLINE void lanes_depthwise_conv_2d(int8_t *out, const int8_t *in, int8_t *scratch,
                                    const struct lanes_depthwise_shape *s, const struct lane_group *groups,
                                    int32_t filters, int32_t per_channel, const struct lane_scale *scales,
                                    const struct lane_codes *c) {
    uint32_t *words = (uint32_t *)(void *)(scratch + s->words_at);
    int32_t *sums = (int32_t *)(void *)(scratch + s->sums_at);
    const int32_t out_row = s->pairs * filters;
    const struct lane_pack pack = lane_pack_of(s->padding.channels, s->distance, c->center);
    in = lanes_padded(in, scratch, &s->padding);
    struct lane_call how = lanes_call(c, 2 * groups[0].count, filters, s->pairs);
    how.rows = groups[0].count;
    how.sum_row = 4 * (2 - s->pairs * 2 * how.rows);
    for (int32_t filter = 0; filter < filters; filter++) {
        const int32_t count = how.rows;
        lanes_rescale(&how, scales + filter);
        if (filter % per_channel == 0)
            lanes_pack(words, in + filter / per_channel, &pack, s->word_rows * s->words);
        for (int32_t done = 0; done < s->rows; done += count) {
            const int32_t first = done + count > s->rows ? s->rows - count : done; /* the last may repeat some */
            const uint32_t *x = words + first * s->row_words;
            groups[filter].run(x, sums, x + s->pairs * s->step);
            lanes_codes(out + first * out_row + filter, sums, &how);
            lanes_codes(out + (first + s->twin_row) * out_row + filter, sums + 1, &how);
        }
    }
}
