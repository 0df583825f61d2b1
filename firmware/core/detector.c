#include "detector.h"

#include <stddef.h>

#include "events.h"
#include "feature_rows.h"
#include "lab_config.h"
#include "model.h"
#include "rhythm.h"

static uint32_t hop;

void detector_reset(void) {
  hop = 0;
  features_reset();
  rhythm_reset();
  events_reset();
}

_Static_assert(MODEL_ROWS == LAB_ROWS && MODEL_ROW_LEN == LAB_BANDS, "the model does not read these features");

static void push_rows(void) {
  int8_t row[LAB_BANDS];
  for (uint32_t age = LAB_ROWS_PER_HOP < LAB_ROWS ? LAB_ROWS_PER_HOP : LAB_ROWS; age > 0; age--) {
    features_row(age - 1, row);
    model_push_row(row);
  }
}

/* The mean code of each band over the hop, rounded down. */
static void push_level(void) {
  uint32_t sums[LAB_BANDS] = {0};
  uint8_t level[LAB_BANDS];
  int8_t row[LAB_BANDS];
  for (uint32_t age = 0; age < LAB_ROWS_PER_HOP; age++) {
    features_row(age, row);
    for (uint32_t band = 0; band < LAB_BANDS; band++) sums[band] += (uint32_t)(row[band] + 128);
  }
  for (uint32_t band = 0; band < LAB_BANDS; band++) level[band] = (uint8_t)(sums[band] / LAB_ROWS_PER_HOP);
  rhythm_push(level);
}

static int8_t decide(void) {
  static const uint16_t positive[] = LAB_POSITIVE_OUTPUTS;
  model_step(features_lift());
  int8_t greatest = INT8_MIN;
  for (size_t i = 0; i < sizeof positive / sizeof *positive; i++) {
    int8_t code = model_output()[positive[i]];
    greatest = code > greatest ? code : greatest;
  }
  return greatest;
}

decision_t detector_push(const int16_t *samples, cycle_counter_t cycles) {
  decision_t made = {.hop = ++hop, .decided = hop >= LAB_HOPS_PER_WINDOW, .code = INT8_MIN};
  uint32_t start = cycles ? cycles() : 0;
  features_push(samples);
  uint32_t middle = cycles ? cycles() : 0;
  push_rows();
  if (LAB_T3_TELLS) push_level();
  if (made.decided) {
    made.code = decide();
    made.event = events_push(made.code);
  }
  made.cycles_features = middle - start;
  made.cycles_model = (cycles ? cycles() : 0) - middle;
  return made;
}

int32_t detector_level_db(const int16_t *samples) {
  uint64_t power = 0;
  for (uint32_t i = 0; i < LAB_HOP_LEN; i++) {
    power += (uint32_t)((int32_t)samples[i] * samples[i]);
  }
  /* 10 log10(x) is 3.01 dB a bit; one step in four bits' fraction is close enough for a meter */
  uint32_t mean = (uint32_t)(power / LAB_HOP_LEN);
  if (mean == 0) {
    return -96;
  }
  uint32_t bits = 31u - (uint32_t)__builtin_clz(mean);
  uint32_t fraction = bits >= 2 ? mean >> (bits - 2) & 3 : mean << (2 - bits) & 3;
  static const uint8_t tenths[4] = {0, 10, 18, 24}; /* 10 log10 of 1, 1.25, 1.5, 1.75 */
  return ((int32_t)(bits * 301 + tenths[fraction] * 10) - 9031) / 100;
}
