#include "events.h"

#include <string.h>

#include "lab_config.h"

#if LAB_RULE_T3
#define LOOK_BACK (LAB_T3_LOOK_BACK + 1)
#else
#define LOOK_BACK (LAB_RULE_WINDOW_HOPS + 1)
#endif

/* totals[now] is what all decisions so far weigh together; the one before it leaves the newest out. Differences survive wrapping. */
static uint32_t totals[LOOK_BACK];
static uint32_t now, held_off;
static bool on;

static uint32_t weight(int8_t code) {
#if LAB_RULE_MEAN
  return (uint32_t)(code + 128);
#else
  return code >= LAB_THRESHOLD_CODE;
#endif
}

static uint32_t total_ago(uint32_t hops) { return totals[(now + LOOK_BACK - hops) % LOOK_BACK]; }

static uint32_t over(uint32_t from, uint32_t to) { return total_ago(to) - total_ago(from); }

#if LAB_RULE_T3
static const uint16_t t3[LAB_T3_COUNT][8] = LAB_T3_SPANS;
static uint32_t since = LAB_T3_STAYS_HOPS;

/* Whether two groups and two pauses lie where a T3 of this speed has them. */
static bool fits(const uint16_t s[8]) {
  for (int tone = 0; tone < 4; tone += 2) {
    if (over(s[tone], s[tone + 1]) * LAB_RULE_WINDOW_HOPS < LAB_RULE_ON_HOPS * (uint32_t)(s[tone] - s[tone + 1])) return false;
  }
  uint32_t pauses = over(s[4], s[5]) + over(s[6], s[7]);
  return pauses * LAB_RULE_WINDOW_HOPS <= LAB_RULE_OFF_HOPS * (uint32_t)(s[4] - s[5] + s[6] - s[7]);
}

static bool holds(void) {
  bool found = false;
  for (int speed = 0; speed < LAB_T3_COUNT && !found; speed++) found = fits(t3[speed]);
  since = found ? 0 : since < LAB_T3_STAYS_HOPS ? since + 1 : since;
  return since < LAB_T3_STAYS_HOPS;
}
#else
static bool holds(void) {
  uint32_t unit = LAB_RULE_MEAN ? LAB_THRESHOLD_CODE + 128 : 1;
  return over(LAB_RULE_WINDOW_HOPS, 0) >= (on ? LAB_RULE_OFF_HOPS : LAB_RULE_ON_HOPS) * unit;
}
#endif

void events_reset(void) {
  memset(totals, 0, sizeof totals);
  now = held_off = 0;
  on = false;
#if LAB_RULE_T3
  since = LAB_T3_STAYS_HOPS;
#endif
}

bool events_push(int8_t code) {
  uint32_t total = totals[now] + weight(code);
  now = now + 1 == LOOK_BACK ? 0 : now + 1;
  totals[now] = total;
  bool was = on;
  on = holds() && (on || !held_off);
  if (was && !on) {
    held_off = LAB_RULE_HOLD_OFF_HOPS;
  }
  if (!on && held_off) held_off--;
  return on;
}
