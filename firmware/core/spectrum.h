/* One frame of sound to q15 magnitudes, bit for bit as CMSIS-DSP 1.10.3
 * (arm_mult_q15, arm_rfft_q15, arm_cmplx_mag_q15) gives them. */
#ifndef SPECTRUM_H
#define SPECTRUM_H

#include <stdint.h>

/* Magnitudes of one frame.
 *   frame      SPECTRUM_LEN samples
 *   magnitudes SPECTRUM_LEN / 2 + 1 values, 2.14 fixed point */
void spectrum_magnitudes(const int16_t *frame, uint16_t *magnitudes);

#endif
