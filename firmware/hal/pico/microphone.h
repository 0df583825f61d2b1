/* A PDM microphone on two pins: PIO, double-buffered DMA, one interrupt a hop. */
#ifndef MICROPHONE_H
#define MICROPHONE_H

#include <stdbool.h>
#include <stdint.h>

/* Start the clock and the first transfer. */
void microphone_start(uint32_t data_pin, uint32_t clock_pin);

/* The oldest hop of words not yet taken (MICROPHONE_HOP_LEN samples), or NULL. It is
 * overwritten one hop later, so use it at once. */
const uint32_t *microphone_take(void);

/* Hops that were overwritten before they were taken. */
uint32_t microphone_overruns(void);

#endif
