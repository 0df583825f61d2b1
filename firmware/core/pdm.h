/* A PDM microphone's bits to samples: 1.024 MHz in, 16 kHz out.
 *
 * 384 taps: flat within 0.1 dB to 4 kHz and 0.25 dB to 5 kHz, -1.1 dB at
 * 6 kHz; what folds onto 0 to 4 kHz is 44 dB down or more, all together
 * (lab/deploy/pdm_filter.py, docs/pictures/pdm_response.svg). The virtual microphone, which
 * joins samples by straight lines, takes 1.1 dB at 3100 Hz before it. */
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
