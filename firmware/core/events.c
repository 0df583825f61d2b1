#include "events.h"

#include <string.h>

#include "lab_config.h"

static bool hits[LAB_RULE_WINDOW_HOPS];
static uint32_t next, count;
static bool on;

void events_reset(void) {
  memset(hits, 0, sizeof hits);
  next = count = 0;
  on = false;
}

bool events_push(int8_t code) {
  bool hit = code >= LAB_THRESHOLD_CODE;
  count += (uint32_t)hit - (uint32_t)hits[next];
  hits[next] = hit;
  next = next + 1 == LAB_RULE_WINDOW_HOPS ? 0 : next + 1;
  on = count >= (on ? LAB_RULE_OFF_HOPS : LAB_RULE_ON_HOPS);
  return on;
}
