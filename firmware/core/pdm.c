/* A third-order sinc filter, by table: each byte of bits adds one entry.
 *
 * Three moving averages of 64 bits make 190 taps; 24 bytes hold 192. The
 * zeros of the response lie on every multiple of 16 kHz, where aliases of low
 * frequencies come from. A one-pole high-pass near 10 Hz takes away DC. */
#include "pdm.h"

#include <stdbool.h>
#include <string.h>

#define TAPS 192
#define BYTES (TAPS / 8)
#define NEW_BYTES (PDM_DECIMATION / 8)
#define OLD_BYTES (BYTES - NEW_BYTES)
#define SCALE_SHIFT 2 /* taps sum to 2^18; half of that becomes 2^15 and more */
#define DC_SHIFT 8    /* 16000 / (2 pi 256) is 9.95 Hz */

static int16_t table[BYTES][256];
static uint8_t bytes[BYTES];
static int32_t dc_q8;

/* Tap n of three moving averages of 64, one after another. */
static int32_t tap(int32_t n) {
  int32_t sum = 0;
  for (int32_t k = 0; k < 4; k++) { /* third difference of the cubes' sum n (n + 1) / 2 */
    static const int32_t binomial[4] = {1, -3, 3, -1};
    int32_t m = n - k * PDM_DECIMATION;
    if (m >= 0) {
      sum += binomial[k] * ((m + 1) * (m + 2) / 2);
    }
  }
  return sum;
}

static void fill_table(void) {
  for (int32_t byte = 0; byte < BYTES; byte++) {
    for (int32_t value = 0; value < 256; value++) {
      int32_t sum = 0;
      for (int32_t bit = 0; bit < 8; bit++) {
        int32_t weight = tap(8 * byte + bit);
        sum += (value >> (7 - bit)) & 1 ? weight : -weight;
      }
      table[byte][value] = (int16_t)sum;
    }
  }
}

void pdm_reset(void) {
  static bool filled;
  if (!filled) {
    fill_table();
    filled = true;
  }
  memset(bytes, 0x55, sizeof bytes); /* as many ones as zeros: silence */
  dc_q8 = 0;
}

static int16_t without_dc(int32_t value) {
  value -= dc_q8 >> DC_SHIFT;
  dc_q8 += value;
  return (int16_t)(value > INT16_MAX ? INT16_MAX : value < INT16_MIN ? INT16_MIN : value);
}

void pdm_decimate(const uint32_t *words, int16_t *samples, uint32_t sample_count) {
  for (uint32_t n = 0; n < sample_count; n++) {
    memmove(bytes, bytes + NEW_BYTES, OLD_BYTES);
    for (uint32_t i = 0; i < PDM_WORDS_PER_SAMPLE; i++) {
      uint32_t word = *words++;
      uint8_t *into = bytes + OLD_BYTES + 4 * i;
      into[0] = (uint8_t)(word >> 24);
      into[1] = (uint8_t)(word >> 16);
      into[2] = (uint8_t)(word >> 8);
      into[3] = (uint8_t)word;
    }
    int32_t sum = 0;
    for (uint32_t byte = 0; byte < BYTES; byte++) {
      sum += table[byte][bytes[byte]];
    }
    samples[n] = without_dc(sum >> SCALE_SHIFT);
  }
}
