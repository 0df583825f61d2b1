#include "board.h"
#include "pico/bootrom.h"
#include "pico/stdio.h"
#include "pico/stdio/driver.h"
#include "pico/stdio_usb.h"
#include "tusb.h"

void board_open_serial(void) { stdio_usb_init(); }

bool board_new_listener(void) {
  static bool before;
  bool listens = stdio_usb_connected(), is_new = listens && !before;
  before = listens;
  return is_new;
}

bool board_say(const char *text, uint32_t length) {
  if (!stdio_usb_connected() || tud_cdc_write_available() < length) {
    return false; /* a line goes out whole or not at all: part of one would spoil the next */
  }
  stdio_put_string(text, (int)length, false, false);
  stdio_flush();
  return true;
}

int32_t board_hear(void) {
  char byte;
  return stdio_usb.in_chars(&byte, 1) == 1 ? (uint8_t)byte : -1;
}

void board_boot(void) { reset_usb_boot(0, 0); }
