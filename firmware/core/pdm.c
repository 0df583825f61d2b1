/* A third-order sinc filter, by table: each byte of bits touches three samples.
 *
 * Three moving averages of 64 bits make 190 taps; 24 bytes hold 192. The
 * zeros of the response lie on every multiple of 16 kHz, where aliases of low
 * frequencies come from. A one-pole high-pass near 10 Hz takes away DC. */
#include "pdm.h"

#define SPAN 3 /* samples that one byte is part of */
#define NEW_BYTES (PDM_DECIMATION / 8)
#define TABLE_BIAS 32768 /* entries are unsigned: the M0+ loads those with an offset for free */
#define SUM_BIAS (SPAN * NEW_BYTES * TABLE_BIAS)
#define SCALE_SHIFT 2 /* taps sum to 2^18; half of that becomes 2^15 and more */
#define DC_SHIFT 8    /* 16000 / (2 pi 256) is 9.95 Hz */
#define SILENCE 0x55555555u /* as many ones as zeros */

static uint16_t table[NEW_BYTES][256][SPAN]; /* [0]: to the sample now ending, [1], [2]: to those after it */
static uint32_t begun[SPAN - 1];             /* sums of the two samples that have some of their bits */
static int32_t dc_q8;

/* Tap n of three moving averages of 64, one after another. */
static int32_t tap(int32_t n) {
  static const int32_t binomial[4] = {1, -3, 3, -1};
  int32_t sum = 0;
  for (int32_t k = 0; k < 4; k++) { /* third difference of the cubes' sum n (n + 1) / 2 */
    int32_t m = n - k * PDM_DECIMATION;
    if (m >= 0) {
      sum += binomial[k] * ((m + 1) * (m + 2) / 2);
    }
  }
  return sum;
}

static void fill_entries(uint32_t byte, uint32_t later) {
  int32_t weights[8];
  for (int32_t bit = 0; bit < 8; bit++) {
    weights[bit] = tap((int32_t)(8 * (byte + (SPAN - 1 - later) * NEW_BYTES)) + bit);
  }
  for (uint32_t value = 0; value < 256; value++) {
    int32_t sum = TABLE_BIAS;
    for (uint32_t bit = 0; bit < 8; bit++) {
      sum += (value >> (7 - bit)) & 1 ? weights[bit] : -weights[bit];
    }
    table[byte][value][later] = (uint16_t)sum;
  }
}

/* Take in one sample's bits; returns the sum that they complete. */
static int32_t add_bits(const uint32_t *words) {
  uint32_t whole = begun[0], next = begun[1], last = 0;
  const uint16_t *entries = &table[0][0][0];
  for (uint32_t i = 0; i < PDM_WORDS_PER_SAMPLE; i++) {
    uint32_t word = words[i];
    for (uint32_t byte = 0; byte < 4; byte++) {
      const uint16_t *entry = entries + SPAN * (word >> 24);
      whole += entry[0];
      next += entry[1];
      last += entry[2];
      word <<= 8;
      entries += 256 * SPAN;
    }
  }
  begun[0] = next;
  begun[1] = last;
  return (int32_t)whole - SUM_BIAS;
}

void pdm_reset(void) {
  static const uint32_t silence[PDM_WORDS_PER_SAMPLE] = {SILENCE, SILENCE};
  if (table[0][0][0] == 0) { /* no entry is 0 once filled */
    for (uint32_t byte = 0; byte < NEW_BYTES; byte++) {
      for (uint32_t later = 0; later < SPAN; later++) {
        fill_entries(byte, later);
      }
    }
  }
  begun[0] = begun[1] = 0;
  add_bits(silence);
  add_bits(silence);
  dc_q8 = 0;
}

static int16_t without_dc(int32_t value) {
  value -= dc_q8 >> DC_SHIFT;
  dc_q8 += value;
  return (int16_t)(value > INT16_MAX ? INT16_MAX : value < INT16_MIN ? INT16_MIN : value);
}

void pdm_decimate(const uint32_t *words, int16_t *samples, uint32_t sample_count) {
  for (uint32_t n = 0; n < sample_count; n++, words += PDM_WORDS_PER_SAMPLE) {
    samples[n] = without_dc(add_bits(words) >> SCALE_SHIFT);
  }
}
