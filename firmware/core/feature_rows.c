#include "feature_rows.h"

#include <string.h>

#include "lab_config.h"
#include "spectrum.h"

#define HISTORY_LEN (LAB_FRAME_LEN - LAB_FRAME_STEP)
#define THRESHOLD_COUNT 255

static int16_t samples_held[HISTORY_LEN + LAB_HOP_LEN];
static uint8_t ring[LAB_ROWS][LAB_BANDS];
static uint8_t greatest[LAB_ROWS]; /* code of each row */
static uint32_t oldest;
static uint16_t magnitudes[LAB_FRAME_LEN / 2 + 1];

/* How many thresholds a sum reaches: 0 to 255. */
static uint8_t code_of(uint32_t sum) {
  uint32_t low = 0, high = THRESHOLD_COUNT;
  while (low < high) {
    uint32_t middle = (low + high) / 2;
    if (sum >= lab_thresholds[middle]) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return (uint8_t)low;
}

void features_reset(void) {
  memset(samples_held, 0, sizeof samples_held);
  memset(ring, code_of(0), sizeof ring);
  memset(greatest, code_of(0), sizeof greatest);
  oldest = 0;
}

static void add_frame(const int16_t *frame, uint32_t *sums) {
  spectrum_magnitudes(frame, magnitudes);
  const uint16_t *next = &magnitudes[LAB_FIRST_BIN];
  for (uint32_t band = 0; band < LAB_BANDS; band++) {
    for (uint32_t bin = 0; bin < LAB_POOL_BINS; bin++) {
      sums[band] += *next++;
    }
  }
}

static uint32_t next_row(uint32_t row) { return row + 1 == LAB_ROWS ? 0 : row + 1; }

static void add_row(const int16_t *frames) {
  uint32_t sums[LAB_BANDS] = {0};
  for (uint32_t frame = 0; frame < LAB_POOL_FRAMES; frame++) {
    add_frame(frames + frame * LAB_FRAME_STEP, sums);
  }
  uint8_t most = 0;
  for (uint32_t band = 0; band < LAB_BANDS; band++) {
    uint8_t code = code_of(sums[band]);
    ring[oldest][band] = code;
    most = code > most ? code : most;
  }
  greatest[oldest] = most;
  oldest = next_row(oldest);
}

void features_push(const int16_t *samples) {
  memcpy(samples_held + HISTORY_LEN, samples, LAB_HOP_LEN * sizeof *samples);
  for (uint32_t row = 0; row < LAB_ROWS_PER_HOP; row++) {
    add_row(samples_held + row * LAB_POOL_FRAMES * LAB_FRAME_STEP);
  }
  memmove(samples_held, samples_held + LAB_HOP_LEN, HISTORY_LEN * sizeof *samples);
}

int32_t features_lift(void) {
  if (!LAB_RELATIVE) {
    return 0;
  }
  uint8_t most = 0;
  for (uint32_t row = 0; row < LAB_ROWS; row++) {
    most = greatest[row] > most ? greatest[row] : most;
  }
  return 255 - most;
}

void features_row(uint32_t age, int8_t *row) {
  const uint8_t *codes = ring[oldest > age ? oldest - age - 1 : oldest + LAB_ROWS - age - 1];
  for (uint32_t band = 0; band < LAB_BANDS; band++) {
    row[band] = (int8_t)(codes[band] - 128);
  }
}

void features_window(int8_t *window) {
  int32_t offset = features_lift() - 128;
  for (uint32_t row = 0, from = oldest; row < LAB_ROWS; row++) {
    for (uint32_t band = 0; band < LAB_BANDS; band++) {
      *window++ = (int8_t)(ring[from][band] + offset);
    }
    from = next_row(from);
  }
}
