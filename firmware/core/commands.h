/* What a computer may ask of a running board: a line of words, answered by a
 * line of JSON. docs/board_serial.md says which. */
#ifndef COMMANDS_H
#define COMMANDS_H

#include <stdbool.h>
#include <stdint.h>

#include "settings.h"

enum { COMMAND_MAX_LEN = 63, COMMAND_ANSWER_MAX_LEN = 240 };

typedef enum { COMMAND_WHO, COMMAND_SET, COMMAND_KEEP, COMMAND_BOOT, COMMAND_REFUSED } command_kind_t;

typedef struct {
  command_kind_t kind;
  uint32_t number;     /* what the sender called it, 0 if nothing */
  const char *problem; /* why it was refused: a fixed text, safe in JSON */
} command_t;

/* Forget what was heard of a line. */
void commands_reset(void);

/* Take in one byte, whichever. Returns whether a line is complete that says
 * something; it is in *command then, and what it sets is in *settings. */
bool commands_push(uint8_t byte, settings_t *settings, command_t *command);

/* Write the answer, ended by a newline; returns its length, at most COMMAND_ANSWER_MAX_LEN. */
uint32_t commands_answer(const command_t *command, const settings_t *settings, bool kept, char *line);

#endif
