#include "telemetry.h"

#include "lab_config.h"
#include "text.h"

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
