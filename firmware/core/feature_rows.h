/* From hops of samples to the window that the model reads. */
#ifndef FEATURE_ROWS_H
#define FEATURE_ROWS_H

#include <stdint.h>

/* Start over: silence in the history and in the ring. */
void features_reset(void);

/* Take in one hop of LAB_HOP_LEN samples; adds LAB_ROWS_PER_HOP rows to the ring. */
void features_push(const int16_t *samples);

/* Write the newest window, oldest row first, as the model's int8 input of
 * LAB_ROWS x LAB_BANDS values. */
void features_window(int8_t *window);

#endif
