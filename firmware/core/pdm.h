/* A PDM microphone's bits to samples: 1.024 MHz in, 16 kHz out. */
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
