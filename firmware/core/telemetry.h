/* One line of JSON a hop. */
#ifndef TELEMETRY_H
#define TELEMETRY_H

#include <stdint.h>

#include "detector.h"

#define TELEMETRY_MAX_LEN 240

typedef struct {
  decision_t decision;
  uint32_t cycles_pdm;
  uint32_t cycles_telling; /* the line before, from its writing to its sending */
  uint32_t overruns;
  int32_t level_db;
  uint8_t led;
} telemetry_t;

/* Write a line, ended by a newline; returns its length, at most TELEMETRY_MAX_LEN. */
uint32_t telemetry_line(const telemetry_t *told, char *line);

#endif
