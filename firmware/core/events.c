#include "events.h"

#include <string.h>

#include "lab_config.h"
#include "rhythm.h"

#define LONGEST_HOPS (LAB_RULE_WINDOW_HOPS > LAB_KEPT_HOPS ? LAB_RULE_WINDOW_HOPS : LAB_KEPT_HOPS)
#define LOOK_BACK (LONGEST_HOPS + 1)

#if LAB_RULE_WINDOW_HOPS > 257 /* of weights up to 255 */
typedef uint32_t total_t;
#else
typedef uint16_t total_t;
#endif

const event_rule_t events_own = {
    LAB_THRESHOLD_CODE, LAB_RULE_KIND, LAB_RULE_WINDOW_HOPS, LAB_RULE_ON_HOPS, LAB_RULE_OFF_HOPS, LAB_RULE_HOLD_OFF_HOPS,
};
static event_rule_t rule = {
    LAB_THRESHOLD_CODE, LAB_RULE_KIND, LAB_RULE_WINDOW_HOPS, LAB_RULE_ON_HOPS, LAB_RULE_OFF_HOPS, LAB_RULE_HOLD_OFF_HOPS,
};

/* totals[now] is what all decisions so far weigh together; the one before it leaves the newest out. Differences survive wrapping. */
static total_t totals[LOOK_BACK];
static uint32_t now, held_off;
static uint64_t reached; /* which of the last decisions reached the threshold, the newest in bit 0 */
static uint32_t since = LAB_T3_STAYS_HOPS; /* the last rhythm */
static bool on;

_Static_assert(LAB_T3_WINDOW_HOPS < 64, "the decisions beside a rhythm fit a word");

static const int8_t odds[256] = LAB_ODDS;

/* How much surer than the threshold, from 0 to twice LAB_SURE. */
static uint32_t sureness(int8_t code) {
  int32_t beside = odds[code + 128] - odds[rule.threshold + 128];
  return (uint32_t)(LAB_SURE + (beside < -LAB_SURE ? -LAB_SURE : beside > LAB_SURE ? LAB_SURE : beside));
}

static uint32_t weight(int8_t code) {
  if (rule.kind == RULE_ANY) {
    return sureness(code);
  }
  return rule.kind == RULE_MEAN ? (uint32_t)(code + 128) : code >= rule.threshold;
}

static uint32_t total_ago(uint32_t hops) { return totals[(now + LOOK_BACK - hops) % LOOK_BACK]; }

static uint32_t over(uint32_t from, uint32_t to) { return (total_t)(total_ago(to) - total_ago(from)); }

/* Whether enough decisions reached the threshold for a rhythm to count. */
static bool sure(void) {
  if (rule.kind == RULE_T3) return over(rule.window_hops, 0) >= rule.on_hops;
  uint64_t some = reached & ((1ull << LAB_T3_WINDOW_HOPS) - 1);
  return (uint32_t)__builtin_popcountll(some) >= LAB_T3_ON_HOPS;
}

static bool holds_t3(void) {
  since = sure() && rhythm_beats() ? 0 : since < LAB_T3_STAYS_HOPS ? since + 1 : since;
  return since < LAB_T3_STAYS_HOPS;
}

static bool holds(void) {
  bool rhythm = (rule.kind == RULE_T3 || rule.kind == RULE_ANY) && holds_t3();
  if (rule.kind == RULE_T3) {
    return rhythm;
  }
  if (rule.kind == RULE_ANY) {
    return rhythm || over(rule.window_hops, 0) >= LAB_SURE * (uint32_t)(rule.window_hops + (on ? rule.off_hops : rule.on_hops));
  }
  uint32_t unit = rule.kind == RULE_MEAN ? (uint32_t)(rule.threshold + 128) : 1;
  return over(rule.window_hops, 0) >= (on ? rule.off_hops : rule.on_hops) * unit;
}

bool events_can(const event_rule_t *wanted) {
  bool tells = LAB_T3_TELLS || (wanted->kind != RULE_T3 && wanted->kind != RULE_ANY);
  return wanted->kind < RULE_KINDS && tells && 1 <= wanted->off_hops && wanted->off_hops <= wanted->on_hops &&
         wanted->on_hops <= wanted->window_hops && wanted->window_hops <= LONGEST_HOPS &&
         wanted->hold_off_hops <= LAB_RULE_MAX_HOLD_OFF_HOPS;
}

void events_follow(const event_rule_t *wanted) {
  rule = *wanted;
  events_reset();
}

void events_reset(void) {
  memset(totals, 0, sizeof totals);
  now = held_off = 0;
  reached = 0;
  on = false;
  since = LAB_T3_STAYS_HOPS;
}

bool events_push(int8_t code) {
  uint32_t total = totals[now] + weight(code);
  now = now + 1 == LOOK_BACK ? 0 : now + 1;
  totals[now] = (total_t)total;
  reached = reached << 1 | (code >= rule.threshold);
  bool was = on;
  on = holds() && (on || !held_off);
  if (was && !on) {
    held_off = rule.hold_off_hops;
  }
  if (!on && held_off) held_off--;
  return on;
}
