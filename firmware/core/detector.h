/* Sound in, decisions out: one hop at a time. */
#ifndef DETECTOR_H
#define DETECTOR_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
  uint32_t hop;      /* 1 for the first; hop k ends at sample 512 k */
  bool decided;      /* false until the ring is full */
  int8_t code;       /* probability of the positive labels, times 256, less 128 */
  bool event;        /* by the detector's rule */
  uint32_t cycles_features, cycles_model;
} decision_t;

/* Reads a counter of clock cycles; may be NULL. */
typedef uint32_t (*cycle_counter_t)(void);

/* Start over. */
void detector_reset(void);

/* Take in LAB_HOP_LEN samples. */
decision_t detector_push(const int16_t *samples, cycle_counter_t cycles);

/* Root-mean-square level of a hop in dB of full scale, 0 to -96. */
int32_t detector_level_db(const int16_t *samples);

#endif
