/* The board's core as a library of this host: whole batches at a time. */
#include <stdint.h>

#include "pdm.h"
#include "spectrum.h"
#include "spectrum_tables.h"

void core_magnitudes(const int16_t *frames, uint16_t *magnitudes, int64_t count);
void core_decimate(const uint32_t *words, int16_t *samples, int64_t count);
void core_modulate(const int16_t *samples, uint32_t *words, int64_t count);

void core_magnitudes(const int16_t *frames, uint16_t *magnitudes, int64_t count) {
  for (; count > 0; count--, frames += SPECTRUM_LEN, magnitudes += SPECTRUM_LEN / 2 + 1) {
    spectrum_magnitudes(frames, magnitudes);
  }
}

void core_decimate(const uint32_t *words, int16_t *samples, int64_t count) {
  pdm_reset();
  pdm_decimate(words, samples, (uint32_t)count);
}

/* A microphone of ones and zeros: a second-order sigma-delta modulator in
 * integers, as firmware/virtual_board/modulator.mjs has it. Samples are joined
 * by straight lines; full scale is half of what the bits can say. */
void core_modulate(const int16_t *samples, uint32_t *words, int64_t count) {
  const int32_t one = 65536 * PDM_DECIMATION;
  int32_t first = 0, second = 0, feedback = -one, before = 0;
  for (; count > 0; count--) {
    int32_t step = *samples++ - before, value = before * PDM_DECIMATION;
    before += step;
    for (int32_t half = 0; half < PDM_WORDS_PER_SAMPLE; half++) {
      uint32_t word = 0;
      for (int32_t bit = 0; bit < 32; bit++) {
        value += step;
        first += value - feedback;
        second += first - feedback;
        feedback = second >= 0 ? one : -one;
        word = word << 1 | (second >= 0);
      }
      *words++ = word;
    }
  }
}
