/* The PDM clock and data line as a PIO program of two instructions, assembled
 * by hand so that no pioasm is needed:
 *
 *   .side_set 1
 *   nop           side 0    ; clock low: the microphone puts its bit on the line
 *   in pins, 1    side 1    ; clock high: take it, most significant bit first
 *
 * Two cycles a bit; the state machine runs at 2.048 MHz. */
#ifndef PDM_CAPTURE_PIO_H
#define PDM_CAPTURE_PIO_H

#include <stdint.h>

#define PDM_PIO_NOP_SIDE_0 0xa042u /* mov y, y side 0 */
#define PDM_PIO_IN_SIDE_1 0x5001u  /* in pins, 1 side 1 */
#define PDM_PIO_CYCLES_PER_BIT 2

static const uint16_t pdm_pio_instructions[] = {PDM_PIO_NOP_SIDE_0, PDM_PIO_IN_SIDE_1};

#endif
