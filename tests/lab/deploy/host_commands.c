/* Commands and kept settings on this host, with a flash of NOR gates whose
 * power may fail: erasing sets bits, programming clears them, and both stop
 * when their budget of bytes is used up. */
#include <setjmp.h>
#include <stdint.h>
#include <string.h>

#include "commands.h"

static uint8_t flash[SETTINGS_PAGES * SETTINGS_PAGE_BYTES];
static int64_t budget_bytes, erasures;
static jmp_buf power_cut;
static settings_t settings;

void host_wipe(const uint8_t *bytes);
void host_restart(void);
int host_hear(const uint8_t *bytes, int64_t length, char *answers, int64_t room);
int host_keep(int64_t budget);
void host_settings(int32_t *values);
int64_t host_erasures(void);
void host_flash(uint8_t *bytes);

static void spend(void) {
  if (budget_bytes == 0) {
    longjmp(power_cut, 1);
  }
  budget_bytes--;
}

const uint8_t *board_flash_page(uint32_t page) { return flash + page * SETTINGS_PAGE_BYTES; }

void board_flash_erase(uint32_t sector) {
  uint8_t *first = flash + sector * SETTINGS_SECTOR_PAGES * SETTINGS_PAGE_BYTES;
  erasures++;
  for (uint32_t i = 0; i < SETTINGS_SECTOR_PAGES * SETTINGS_PAGE_BYTES; i++) {
    spend();
    first[i] = 0xff;
  }
}

void board_flash_program(uint32_t page, const uint8_t *bytes) {
  for (uint32_t i = 0; i < SETTINGS_PAGE_BYTES; i++) {
    spend();
    flash[page * SETTINGS_PAGE_BYTES + i] &= bytes[i];
  }
}

void host_wipe(const uint8_t *bytes) {
  memcpy(flash, bytes, sizeof flash);
  erasures = 0;
}

void host_restart(void) {
  commands_reset();
  settings = settings_load();
}

/* Take in bytes; write every answer, and return how many lines were understood or refused. */
int host_hear(const uint8_t *bytes, int64_t length, char *answers, int64_t room) {
  int count = 0;
  for (int64_t i = 0; i < length; i++) {
    command_t command;
    if (commands_push(bytes[i], &settings, &command)) {
      count++;
      if (room >= COMMAND_ANSWER_MAX_LEN + 1) {
        uint32_t written = commands_answer(&command, &settings, settings_kept(&settings), answers);
        answers += written;
        room -= written;
      }
    }
  }
  *answers = '\0';
  return count;
}

/* Keep the settings; the power fails after so many bytes of flash. Returns 1 kept, 0 not, -1 power cut. */
int host_keep(int64_t budget) {
  budget_bytes = budget;
  if (setjmp(power_cut)) {
    return -1;
  }
  return settings_keep(&settings);
}

void host_settings(int32_t *values) {
  const event_rule_t *rule = &settings.rule;
  const int32_t now[] = {rule->threshold, rule->kind, rule->window_hops, rule->on_hops, rule->off_hops,
                         rule->hold_off_hops, settings.led_event};
  memcpy(values, now, sizeof now);
}

int64_t host_erasures(void) { return erasures; }

void host_flash(uint8_t *bytes) { memcpy(bytes, flash, sizeof flash); }
