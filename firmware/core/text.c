#include "text.h"

char *put_text(char *at, const char *text) {
  while (*text) {
    *at++ = *text++;
  }
  return at;
}

char *put_count(char *at, uint32_t value) {
  char digits[10];
  uint32_t count = 0;
  do {
    uint32_t tenth = value / 10; /* 32 bits: the RP2040 divides those in hardware */
    digits[count++] = (char)('0' + (value - 10 * tenth));
    value = tenth;
  } while (value != 0);
  while (count > 0) {
    *at++ = digits[--count];
  }
  return at;
}

char *put_field(char *at, const char *name, uint32_t value) { return put_count(put_text(at, name), value); }

char *put_signed(char *at, const char *name, int32_t value) {
  at = put_text(at, name);
  if (value < 0) {
    *at++ = '-';
  }
  return put_count(at, value < 0 ? 0u - (uint32_t)value : (uint32_t)value);
}
