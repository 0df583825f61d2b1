#include "telemetry.h"

#include <stdbool.h>

static char *put_text(char *at, const char *text) {
  while (*text) {
    *at++ = *text++;
  }
  return at;
}

static char *put_number(char *at, int64_t value) {
  char digits[20];
  uint32_t count = 0;
  bool negative = value < 0;
  uint64_t rest = (uint64_t)(negative ? -value : value);
  do {
    digits[count++] = (char)('0' + rest % 10);
    rest /= 10;
  } while (rest != 0);
  if (negative) {
    *at++ = '-';
  }
  while (count > 0) {
    *at++ = digits[--count];
  }
  return at;
}

static char *put_field(char *at, const char *name, int64_t value) { return put_number(put_text(at, name), value); }

uint32_t telemetry_line(const telemetry_t *told, char *line) {
  const decision_t *made = &told->decision;
  uint32_t total = told->cycles_pdm + made->cycles_features + made->cycles_model;
  char *at = put_field(line, "{\"hop\":", made->hop);
  at = put_field(at, ",\"code\":", made->code);
  at = put_field(at, ",\"event\":", made->event);
  at = put_field(at, ",\"led\":", told->led);
  at = put_field(at, ",\"level\":", told->level_db);
  at = put_field(at, ",\"overruns\":", told->overruns);
  at = put_field(at, ",\"cycles\":{\"pdm\":", told->cycles_pdm);
  at = put_field(at, ",\"features\":", made->cycles_features);
  at = put_field(at, ",\"model\":", made->cycles_model);
  at = put_field(at, ",\"total\":", total);
  at = put_text(at, "}}\n");
  return (uint32_t)(at - line);
}
