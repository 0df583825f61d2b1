/* Where a kernel's window lies. Sizes in values; height before width, channels last. */
struct window_shape {
    int32_t batches, in_height, in_width, channels;
    int32_t kernel_height, kernel_width, stride_height, stride_width, dilation_height, dilation_width;
    int32_t pad_top, pad_left, out_height, out_width;
    int32_t padded; /* some window reaches outside, or its columns are not side by side */
    int32_t pad_code; /* what lies outside reads as this */
};

struct window {
    const int8_t *first; /* kernel_width * channels values a row */
    int32_t row_step;
};

/* Copies a window into patch, row after row, with pad_code for what lies outside. */
INLINE void gather_window(const int8_t *in, int8_t *patch, const struct window_shape *s, int32_t top, int32_t left) {
    for (int32_t row = 0; row < s->kernel_height; row++) {
        const int32_t y = top + row * s->dilation_height;
        for (int32_t column = 0; column < s->kernel_width; column++) {
            const int32_t x = left + column * s->dilation_width;
            if (y < 0 || y >= s->in_height || x < 0 || x >= s->in_width)
                memset(patch, s->pad_code, (size_t)s->channels);
            else
                memcpy(patch, in + (y * s->in_width + x) * s->channels, (size_t)s->channels);
            patch += s->channels;
        }
    }
}

/* The window whose corner is (top, left): in the input itself where it lies inside, else gathered. */
INLINE struct window window_at(const int8_t *in, int8_t *patch, const struct window_shape *s, int32_t top, int32_t left) {
    const int32_t bottom = top + (s->kernel_height - 1) * s->dilation_height, right = left + s->kernel_width - 1;
    if (!s->padded || (s->dilation_width == 1 && top >= 0 && left >= 0 && bottom < s->in_height && right < s->in_width))
        return (struct window){in + (top * s->in_width + left) * s->channels,
                               s->dilation_height * s->in_width * s->channels};
    gather_window(in, patch, s, top, left);
    return (struct window){patch, s->kernel_width * s->channels};
}
