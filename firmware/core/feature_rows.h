/* From hops of samples to the window that the model reads. */
#ifndef FEATURE_ROWS_H
#define FEATURE_ROWS_H

#include <stdint.h>

/* Start over: silence in the history and in the ring. */
void features_reset(void);

/* Take in one hop of LAB_HOP_LEN samples; adds LAB_ROWS_PER_HOP rows to the ring. */
void features_push(const int16_t *samples);

/* Write a row of LAB_BANDS codes as the model takes them, less the lift: the newest has age 0. */
void features_row(uint32_t age, int8_t *row);

/* What is added to every code of the window: 0, or for relative features what raises the greatest to the top. */
int32_t features_lift(void);

/* Write the newest window, oldest row first, as the model's int8 input of
 * LAB_ROWS x LAB_BANDS values. */
void features_window(int8_t *window);

#endif
