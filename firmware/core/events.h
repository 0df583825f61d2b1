/* When decisions become an event: lab/deploy/events.py, in C. */
#ifndef EVENTS_H
#define EVENTS_H

#include <stdbool.h>
#include <stdint.h>

typedef enum { RULE_COUNT, RULE_MEAN, RULE_T3, RULE_ANY, RULE_KINDS } rule_kind_t;

typedef struct {
  int8_t threshold; /* the least code that counts */
  uint8_t kind;     /* rule_kind_t */
  uint16_t window_hops, on_hops, off_hops, hold_off_hops;
} event_rule_t;

/* The detector's own rule, followed until another is given. */
extern const event_rule_t events_own;

/* Whether this firmware can follow a rule. */
bool events_can(const event_rule_t *rule);

/* Follow another rule, which it can, from now on; forgets all decisions. */
void events_follow(const event_rule_t *rule);

/* Forget all decisions; the rhythm is the caller's to forget. */
void events_reset(void);

/* Take in one decision, after the hop's level went to rhythm_push; returns whether an event is on after it. */
bool events_push(int8_t code);

#endif
