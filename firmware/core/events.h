/* When decisions become an event: lab/deploy/events.py, in C. */
#ifndef EVENTS_H
#define EVENTS_H

#include <stdbool.h>
#include <stdint.h>

/* Forget all decisions. */
void events_reset(void);

/* Take in one decision; returns whether an event is on after it. */
bool events_push(int8_t code);

#endif
