/* The firmware's detector on this host: sound in, codes, events and windows out. */
#include <stddef.h>
#include <stdint.h>

#include "detector.h"
#include "feature_rows.h"
#include "lab_config.h"
#include "telemetry.h"

int64_t host_hear(const int16_t *samples, int64_t hops, int8_t *codes, uint8_t *events, int8_t *windows);
int64_t host_line(int64_t hop, int64_t code, char *line);

int64_t host_hear(const int16_t *samples, int64_t hops, int8_t *codes, uint8_t *events, int8_t *windows) {
  int64_t decided = 0;
  detector_reset();
  for (; hops > 0; hops--, samples += LAB_HOP_LEN) {
    decision_t made = detector_push(samples, NULL);
    if (made.decided) {
      features_window(windows + decided * LAB_ROWS * LAB_BANDS);
      codes[decided] = made.code;
      events[decided++] = made.event;
    }
  }
  return decided;
}

int64_t host_line(int64_t hop, int64_t code, char *line) {
  telemetry_t told = {.decision = {.hop = (uint32_t)hop, .decided = true, .code = (int8_t)code, .event = true,
                                   .cycles_features = 2, .cycles_model = 3},
                      .cycles_pdm = 1, .overruns = UINT32_MAX, .level_db = -96, .led = 255};
  return telemetry_line(&told, line);
}
