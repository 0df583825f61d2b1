#include "spectrum.h"

#include "spectrum_tables.h"

#define POINTS (SPECTRUM_LEN / 2)

typedef struct {
  int16_t re, im;
} complex_q15_t;

typedef struct {
  int32_t re, im;
} pair_t;

static complex_q15_t points[POINTS];

static inline int32_t saturate(int32_t value) {
  return value > INT16_MAX ? INT16_MAX : value < INT16_MIN ? INT16_MIN : value;
}

static inline pair_t load(uint32_t index, int shift) {
  return (pair_t){points[index].re >> shift, points[index].im >> shift};
}

static inline void store(uint32_t index, int32_t re, int32_t im) {
  points[index] = (complex_q15_t){(int16_t)re, (int16_t)im};
}

static inline pair_t add(pair_t a, pair_t b) { return (pair_t){saturate(a.re + b.re), saturate(a.im + b.im)}; }
static inline pair_t sub(pair_t a, pair_t b) { return (pair_t){saturate(a.re - b.re), saturate(a.im - b.im)}; }
static inline pair_t half_sum(pair_t a, pair_t b) { return (pair_t){(a.re >> 1) + (b.re >> 1), (a.im >> 1) + (b.im >> 1)}; }
static inline pair_t half_dif(pair_t a, pair_t b) { return (pair_t){(a.re >> 1) - (b.re >> 1), (a.im >> 1) - (b.im >> 1)}; }
static inline pair_t times_i(pair_t a) { return (pair_t){-a.im, a.re}; }

/* a times the conjugate of twiddle number `index`, with 16 bits dropped */
static inline void store_rotated(uint32_t where, pair_t a, uint32_t index) {
  int32_t cosine = twiddle_q15[2 * index], sine = twiddle_q15[2 * index + 1];
  store(where, (cosine * a.re + sine * a.im) >> 16, (cosine * a.im - sine * a.re) >> 16);
}

/* First radix-4 stage over `length` points from `base`: inputs lose two bits. */
static void first_stage(uint32_t base, uint32_t length, uint32_t step) {
  uint32_t quarter = length / 4;
  for (uint32_t j = 0; j < quarter; j++) {
    uint32_t i0 = base + j, i1 = i0 + quarter, i2 = i1 + quarter, i3 = i2 + quarter;
    pair_t a = load(i0, 2), b = load(i1, 2), c = load(i2, 2), d = load(i3, 2);
    pair_t ac = add(a, c), bd = add(b, d), a_c = sub(a, c), jbd = times_i(sub(b, d));
    pair_t even = half_sum(ac, bd);
    store(i0, even.re, even.im);
    store_rotated(i1, sub(ac, bd), 2 * j * step);
    store_rotated(i2, sub(a_c, jbd), j * step);
    store_rotated(i3, add(a_c, jbd), 3 * j * step);
  }
}

/* A middle stage: blocks of `span` points, sums halved. */
static void middle_stage(uint32_t base, uint32_t length, uint32_t span, uint32_t step) {
  uint32_t quarter = span / 4;
  for (uint32_t j = 0; j < quarter; j++) {
    for (uint32_t i0 = base + j; i0 < base + length; i0 += span) {
      uint32_t i1 = i0 + quarter, i2 = i1 + quarter, i3 = i2 + quarter;
      pair_t a = load(i0, 0), b = load(i1, 0), c = load(i2, 0), d = load(i3, 0);
      pair_t ac = add(a, c), bd = add(b, d), a_c = sub(a, c), b_d = sub(b, d);
      pair_t even = half_sum(ac, bd);
      store(i0, even.re >> 1, even.im >> 1);
      store_rotated(i1, half_dif(ac, bd), 2 * j * step);
      store_rotated(i2, (pair_t){(a_c.re >> 1) + (b_d.im >> 1), (a_c.im >> 1) - (b_d.re >> 1)}, j * step);
      store_rotated(i3, (pair_t){(a_c.re >> 1) - (b_d.im >> 1), (a_c.im >> 1) + (b_d.re >> 1)}, 3 * j * step);
    }
  }
}

/* The last stage: blocks of four, no twiddles. */
static void last_stage(uint32_t base, uint32_t length) {
  for (uint32_t i = base; i < base + length; i += 4) {
    pair_t a = load(i, 0), b = load(i + 1, 0), c = load(i + 2, 0), d = load(i + 3, 0);
    pair_t ac = add(a, c), bd = add(b, d), a_c = sub(a, c), b_d = sub(b, d);
    pair_t even = half_sum(ac, bd), odd = half_dif(ac, bd);
    store(i, even.re, even.im);
    store(i + 1, odd.re, odd.im);
    store(i + 2, (a_c.re >> 1) + (b_d.im >> 1), (a_c.im >> 1) - (b_d.re >> 1));
    store(i + 3, (a_c.re >> 1) - (b_d.im >> 1), (a_c.im >> 1) + (b_d.re >> 1));
  }
}

static void radix4(uint32_t base, uint32_t length, uint32_t step) {
  first_stage(base, length, step);
  for (uint32_t span = length / 4; span > 4; span /= 4) {
    step *= 4;
    middle_stage(base, length, span, step);
  }
  last_stage(base, length);
}

#if POINTS == 64 || POINTS == 256
static void complex_fft(void) { radix4(0, POINTS, 1); }
#else
/* Lengths that are twice a power of four: one radix-2 stage, then two halves. */
static void complex_fft(void) {
  for (uint32_t i = 0; i < POINTS / 2; i++) {
    uint32_t l = i + POINTS / 2;
    pair_t low = load(i, 1), high = load(l, 1);
    int32_t re = low.re - high.re, im = low.im - high.im;
    int32_t cosine = twiddle_q15[2 * i], sine = twiddle_q15[2 * i + 1];
    store(i, (low.re + high.re) >> 1, (low.im + high.im) >> 1);
    store(l, (re * cosine >> 16) + (im * sine >> 16), (im * cosine >> 16) - (re * sine >> 16));
  }
  radix4(0, POINTS / 2, 2);
  radix4(POINTS / 2, POINTS / 2, 2);
  for (uint32_t i = 0; i < POINTS; i++) {
    store(i, (int32_t)((uint32_t)points[i].re << 1), (int32_t)((uint32_t)points[i].im << 1));
  }
}
#endif

static void to_natural_order(void) {
  for (uint32_t i = 0; i < 2 * SWAP_COUNT; i += 2) {
    complex_q15_t kept = points[swap_pairs[i]];
    points[swap_pairs[i]] = points[swap_pairs[i + 1]];
    points[swap_pairs[i + 1]] = kept;
  }
}

/* Integer root of a value below 2^30, rounded down. */
#ifdef SPECTRUM_FLOAT_ROOT /* a host's, quicker: 53 bits leave a root's whole part exact */
static inline uint32_t integer_root(uint32_t value) { return (uint32_t)__builtin_sqrt(value); }
#else /* one bit a step */
static inline uint32_t integer_root(uint32_t value) {
  uint32_t root = 0;
  for (uint32_t bit = 1u << 28; bit != 0; bit >>= 2) {
    uint32_t trial = root + bit;
    root >>= 1;
    if (value >= trial) {
      value -= trial;
      root += bit;
    }
  }
  return root;
}
#endif

static inline int32_t high(int32_t a, int32_t b, int shift) { return (int32_t)((int64_t)a * b >> shift); }

/* CMSIS-DSP's own way: a table value, three Newton steps, then 16 bits dropped. */
static uint32_t newton_root(int32_t power) {
  int shift = (__builtin_clz((uint32_t)power) - 1) & ~1;
  int32_t scaled = power << shift, guess = newton_start[(scaled >> 26) - 8];
  for (int step = 0; step < 3; step++) {
    guess = high(guess, 0x30000000 - high(scaled, high(guess, guess, 28), 31), 29);
  }
  return (uint32_t)(high(scaled, guess, 28) >> (shift / 2) >> 16);
}

/* sqrt((re^2 + im^2) / 4), rounded as arm_cmplx_mag_q15 rounds it: below
 * EXACT_ROOTS that is the integer root, less one at the exact squares that
 * `short_root_bits` names. */
static uint16_t magnitude(int32_t re, int32_t im) {
  uint32_t power = ((uint32_t)(re * re) + (uint32_t)(im * im)) >> 1;
  uint32_t root = integer_root(power >> 1);
  if (root >= EXACT_ROOTS) {
    return (uint16_t)newton_root((int32_t)power);
  }
  uint32_t is_short = root * root * 2 == power ? short_root_bits[root >> 5] >> (root & 31) & 1 : 0;
  return (uint16_t)(root - is_short);
}

void spectrum_magnitudes(const int16_t *frame, uint16_t *magnitudes) {
  for (uint32_t i = 0; i < POINTS; i++) {
    store(i, frame[2 * i] * window_q15[2 * i] >> 15, frame[2 * i + 1] * window_q15[2 * i + 1] >> 15);
  }
  complex_fft();
  to_natural_order();
  pair_t first = load(0, 0);
  magnitudes[0] = magnitude((int16_t)((first.re + first.im) >> 1), 0);
  magnitudes[POINTS] = magnitude((int16_t)((first.re - first.im) >> 1), 0);
  for (uint32_t i = 1; i < POINTS; i++) {
    const int16_t *k = &split_q15[4 * (i - 1)];
    pair_t x = load(i, 0), y = load(POINTS - i, 0);
    int32_t re = (x.re * k[0] - x.im * k[1] + y.re * k[2] + y.im * k[3]) >> 16;
    int32_t im = (y.re * k[3] - y.im * k[2] + x.im * k[0] + x.re * k[1]) >> 16;
    magnitudes[i] = magnitude((int16_t)re, (int16_t)im);
  }
}
