/* Text, written without a library: each returns where the next goes. */
#ifndef TEXT_H
#define TEXT_H

#include <stdint.h>

char *put_text(char *at, const char *text);
char *put_count(char *at, uint32_t value);
char *put_field(char *at, const char *name, uint32_t value);
char *put_signed(char *at, const char *name, int32_t value);

#endif
