/* What else a board has: a light, a cycle counter, a serial line over USB. */
#ifndef BOARD_H
#define BOARD_H

#include <stdbool.h>
#include <stdint.h>

/* Light, counter and watchdog. */
void board_start(uint32_t led_pin);

/* Clock cycles since the start, modulo 2^32; call at least every 100 ms. */
uint32_t board_cycles(void);

/* Show a probability, 0 to 255, evenly to the eye; returns the duty, 0 to 255. */
uint8_t board_show(uint32_t probability);

/* The SDK's serial line over USB; in serial.c, with the four below. */
void board_open_serial(void);

/* Whether somebody opened the serial line since the last call. */
bool board_new_listener(void);

/* Send a line of at most CFG_TUD_CDC_TX_BUFSIZE bytes if somebody listens and
 * all of it has room; never waits for a reader. Returns whether it was sent. */
bool board_say(const char *text, uint32_t length);

/* One byte that somebody sent on the serial line, or -1. */
int32_t board_hear(void);

/* Go to boot mode: the board becomes the drive RPI-RP2. Does not return. */
void board_boot(void);

/* Tell the watchdog that all is well. */
void board_alive(void);

/* Sleep until an interrupt. */
void board_wait(void);

#endif
