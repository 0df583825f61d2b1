/* A PDM microphone's bits to samples: 1.024 MHz in, 16 kHz out.
 *
 * Response, measured (tests/lab/sound/features/test_core.py):
 *   Hz   10    100   520   1000  2000  3100  4000  6000
 *   dB  -3.0   0.0   0.0  -0.2  -0.7  -1.6  -2.7  -6.3
 * 190 taps at 1.024 MHz are less than three samples: nothing much steeper or
 * flatter fits in them. The virtual microphone, which joins samples by
 * straight lines, takes 1.1 dB more at 3100 Hz. */
#ifndef PDM_H
#define PDM_H

#include <stdint.h>

#define PDM_DECIMATION 64
#define PDM_WORDS_PER_SAMPLE (PDM_DECIMATION / 32)

/* Build the tables and forget all history. */
void pdm_reset(void);

/* Decimate `sample_count` times 64 bits.
 *   words    PDM_WORDS_PER_SAMPLE a sample; the most significant bit came first
 *   samples  16-bit, 16 kHz; half of the PDM scale is full scale, more saturates */
void pdm_decimate(const uint32_t *words, int16_t *samples, uint32_t sample_count);

#endif
