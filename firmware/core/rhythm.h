/* The rhythm of a T3 in the level of a band: lab/deploy/rhythm.py, in C. */
#ifndef RHYTHM_H
#define RHYTHM_H

#include <stdbool.h>
#include <stdint.h>

/* Forget all levels; before the first there was silence. */
void rhythm_reset(void);

/* Take in one hop's level of each of LAB_BANDS bands, as a code. */
void rhythm_push(const uint8_t *level);

/* Whether some band has just completed the rhythm; never, where the features cannot tell. */
bool rhythm_beats(void);

#endif
