#include "telemetry.h"

#include "lab_config.h"

static char *put_text(char *at, const char *text) {
  while (*text) {
    *at++ = *text++;
  }
  return at;
}

static char *put_count(char *at, uint32_t value) {
  char digits[10];
  uint32_t count = 0;
  do {
    uint32_t tenth = value / 10; /* 32 bits: the RP2040 divides those in hardware */
    digits[count++] = (char)('0' + (value - 10 * tenth));
    value = tenth;
  } while (value != 0);
  while (count > 0) {
    *at++ = digits[--count];
  }
  return at;
}

static char *put_field(char *at, const char *name, uint32_t value) { return put_count(put_text(at, name), value); }

static char *put_signed(char *at, const char *name, int32_t value) {
  at = put_text(at, name);
  if (value < 0) {
    *at++ = '-';
  }
  return put_count(at, value < 0 ? 0u - (uint32_t)value : (uint32_t)value);
}

uint32_t telemetry_line(const telemetry_t *told, char *line) {
  const decision_t *made = &told->decision;
  uint32_t total = told->cycles_pdm + made->cycles_features + made->cycles_model;
  char *at = put_field(line, "{\"hop\":", made->hop);
  at = put_field(at, ",\"t_ms\":", made->hop * (LAB_HOP_LEN / 16));
  at = put_signed(at, ",\"code\":", made->code);
  at = put_field(at, ",\"event\":", made->event);
  at = put_field(at, ",\"led\":", told->led);
  at = put_signed(at, ",\"level\":", told->level_db);
  at = put_field(at, ",\"overruns\":", told->overruns);
  at = put_field(at, ",\"cycles\":{\"pdm\":", told->cycles_pdm);
  at = put_field(at, ",\"features\":", made->cycles_features);
  at = put_field(at, ",\"model\":", made->cycles_model);
  at = put_field(at, ",\"total\":", total);
  at = put_field(at, "},\"telling\":", told->cycles_telling);
  at = put_text(at, "}\n");
  return (uint32_t)(at - line);
}
