#include "spectrum.h"

#include "spectrum_tables.h"

#define POINTS (SPECTRUM_LEN / 2)

typedef struct {
  int32_t re, im;
} pair_t;

/* Real part in the low half, imaginary in the high: one load brings both. */
static uint32_t points[POINTS], bins[POINTS];

static inline int32_t saturate(int32_t value) {
  return __builtin_expect((int16_t)value == value, 1) ? value : value < 0 ? INT16_MIN : INT16_MAX;
}

static inline pair_t load(uint32_t index, int shift) {
  uint32_t both = points[index];
  return (pair_t){(int16_t)both >> shift, (int32_t)both >> (16 + shift)};
}

static inline pair_t unpacked(uint32_t both) { return (pair_t){(int16_t)both, (int32_t)both >> 16}; }

static inline uint32_t packed(int32_t re, int32_t im) { return (uint16_t)re | (uint32_t)im << 16; }

static inline void store(uint32_t index, int32_t re, int32_t im) { points[index] = packed(re, im); }

static inline pair_t add(pair_t a, pair_t b) { return (pair_t){saturate(a.re + b.re), saturate(a.im + b.im)}; }
static inline pair_t sub(pair_t a, pair_t b) { return (pair_t){saturate(a.re - b.re), saturate(a.im - b.im)}; }
static inline pair_t half_sum(pair_t a, pair_t b) { return (pair_t){(a.re >> 1) + (b.re >> 1), (a.im >> 1) + (b.im >> 1)}; }
static inline pair_t half_dif(pair_t a, pair_t b) { return (pair_t){(a.re >> 1) - (b.re >> 1), (a.im >> 1) - (b.im >> 1)}; }
static inline pair_t times_i(pair_t a) { return (pair_t){-a.im, a.re}; }

/* a times the conjugate of twiddle number `index`, with 16 bits dropped */
static inline void store_rotated(uint32_t where, pair_t a, uint32_t index) {
  pair_t turn = unpacked(twiddle_q15[index]);
  int32_t cosine = turn.re, sine = turn.im;
  points[where] = (uint32_t)(cosine * a.re + sine * a.im) >> 16 | ((uint32_t)(cosine * a.im - sine * a.re) & 0xffff0000u);
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

#if POINTS == 64 || POINTS == 256
#define LAST_SHIFT 0
#else
#define LAST_SHIFT 1 /* gives back the bit that the radix-2 stage took */
#endif

static inline void finish(uint32_t *bin, int32_t re, int32_t im) {
  *bin = (uint16_t)((uint32_t)re << LAST_SHIFT) | (uint32_t)im << (16 + LAST_SHIFT);
}

/* The last stage: blocks of four, no twiddles, each result to its place in natural order. */
static void last_stages(void) {
  for (uint32_t i = 0; i < POINTS; i += 4) {
    pair_t a = load(i, 0), b = load(i + 1, 0), c = load(i + 2, 0), d = load(i + 3, 0);
    pair_t ac = add(a, c), bd = add(b, d), a_c = sub(a, c), b_d = sub(b, d);
    pair_t even = half_sum(ac, bd), odd = half_dif(ac, bd);
    uint32_t *bin = &bins[reversed_fours[i / 4]];
    finish(bin, even.re, even.im);
    finish(bin + POINTS / 2, odd.re, odd.im);
    finish(bin + POINTS / 4, (a_c.re >> 1) + (b_d.im >> 1), (a_c.im >> 1) - (b_d.re >> 1));
    finish(bin + 3 * POINTS / 4, (a_c.re >> 1) - (b_d.im >> 1), (a_c.im >> 1) + (b_d.re >> 1));
  }
}

static void radix4(uint32_t base, uint32_t length, uint32_t step) {
  first_stage(base, length, step);
  for (uint32_t span = length / 4; span > 4; span /= 4) {
    step *= 4;
    middle_stage(base, length, span, step);
  }
}

/* Multiply a frame by its window, even samples as real and odd as imaginary parts. */
static inline pair_t windowed(const int16_t *frame, uint32_t i) {
  return (pair_t){frame[2 * i] * window_q15[2 * i] >> 15, frame[2 * i + 1] * window_q15[2 * i + 1] >> 15};
}

#if POINTS == 64 || POINTS == 256
static void complex_fft(const int16_t *frame) {
  for (uint32_t i = 0; i < POINTS; i++) {
    pair_t point = windowed(frame, i);
    store(i, point.re, point.im);
  }
  radix4(0, POINTS, 1);
  last_stages();
}
#else
/* Lengths that are twice a power of four: one radix-2 stage, then two halves. */
static void complex_fft(const int16_t *frame) {
  for (uint32_t i = 0; i < POINTS / 2; i++) {
    pair_t low = windowed(frame, i), high = windowed(frame, i + POINTS / 2);
    low = (pair_t){low.re >> 1, low.im >> 1};
    high = (pair_t){high.re >> 1, high.im >> 1};
    int32_t re = low.re - high.re, im = low.im - high.im;
    pair_t turn = unpacked(twiddle_q15[i]);
    int32_t cosine = turn.re, sine = turn.im;
    store(i, (low.re + high.re) >> 1, (low.im + high.im) >> 1);
    store(i + POINTS / 2, (re * cosine >> 16) + (im * sine >> 16), (im * cosine >> 16) - (re * sine >> 16));
  }
  radix4(0, POINTS / 2, 2);
  radix4(POINTS / 2, POINTS / 2, 2);
  last_stages();
}
#endif

/* Integer root of a value below 2^30, rounded down. */
#ifdef SPECTRUM_FLOAT_ROOT /* a host's, quicker: 53 bits leave a root's whole part exact */
static inline uint32_t integer_root(uint32_t value) { return (uint32_t)__builtin_sqrt(value); }
#else /* a table's eight bits, then one bit a step */
static inline uint32_t integer_root(uint32_t value) {
  uint32_t root;
  if (value < 1u << 16) {
    root = value >= 1u << 14   ? root_high[value >> 8]
           : value >= 1u << 12 ? root_high[value >> 6] >> 1u
           : value >= 1u << 10 ? root_high[value >> 4] >> 2u
           : value >= 1u << 8  ? root_high[value >> 2] >> 3u
                               : root_high[value] >> 4u;
  } else {
    uint32_t bits = 2; /* twice those below the table's */
    while (value >> bits >= 1u << 16) {
      bits += 2;
    }
    root = (uint32_t)root_high[value >> (8 + bits)] << bits / 2;
    for (uint32_t bit = 1u << bits / 2; bit > 1; bit >>= 1) {
      uint32_t trial = root + bit;
      root = trial * trial <= value ? trial : root;
    }
  }
  return root + ((root + 1) * (root + 1) <= value);
}
#endif

static inline int32_t high(int32_t a, int32_t b, int shift) { return (int32_t)((int64_t)a * b >> shift); }

/* CMSIS-DSP's own way: a table value, three Newton steps, then 16 bits dropped. */
static __attribute__((noinline)) uint32_t newton_root(int32_t power) {
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

/* Two bins of the real spectrum, i and POINTS - i, from bins x and y of the complex one. CMSIS-DSP multiplies x
 * and y by (a, b) with a_re + b_re = 1 and a_im = -b_im, which the other bin shares: four products do for both.
 * Sums wrap as its own do. */
static inline void magnitudes_of_pair(uint32_t i, uint16_t *magnitudes) {
  pair_t ab = unpacked(split_q15[i]);
  uint32_t a = (uint32_t)ab.re, b = (uint32_t)ab.im;
  pair_t x = unpacked(bins[i]), y = unpacked(bins[POINTS - i]);
  uint32_t dif = (uint32_t)(x.re - y.re), sum = (uint32_t)(x.im + y.im);
  uint32_t re = a * dif + b * sum, im = a * sum - b * dif;
  magnitudes[i] = magnitude((int32_t)(re + ((uint32_t)y.re << 15)) >> 16,
                            (int32_t)(im - ((uint32_t)y.im << 15)) >> 16);
  magnitudes[POINTS - i] = magnitude((int32_t)(((uint32_t)x.re << 15) - re) >> 16,
                                     (int32_t)(im - ((uint32_t)x.im << 15)) >> 16);
}

void spectrum_magnitudes(const int16_t *frame, uint16_t *magnitudes) {
  complex_fft(frame);
  pair_t first = unpacked(bins[0]), middle = unpacked(bins[POINTS / 2]);
  magnitudes[0] = magnitude((int16_t)((first.re + first.im) >> 1), 0);
  magnitudes[POINTS] = magnitude((int16_t)((first.re - first.im) >> 1), 0);
  for (uint32_t i = 1; i < POINTS / 2; i++) {
    magnitudes_of_pair(i, magnitudes);
  }
  /* a is 0 and b nearly 1 here: nearly the complex bin's conjugate */
  magnitudes[POINTS / 2] = magnitude(middle.re * INT16_MAX >> 16, -middle.im * INT16_MAX >> 16);
}
