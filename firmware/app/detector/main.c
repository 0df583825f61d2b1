/* Listen, decide, tell: one hop of 512 samples every 32 ms. Between hops, do as the computer asks. */
#include <stdbool.h>
#include <string.h>

#include "board.h"
#include "commands.h"
#include "detector.h"
#include "lab_board.h"
#include "lab_config.h"
#include "microphone.h"
#include "pdm.h"
#include "settings.h"
#include "telemetry.h"

enum { BYTES_AT_ONCE = 64, HOPS_BEFORE_BOOT = 3 };

static char line[TELEMETRY_MAX_LEN];
static settings_t settings;
static command_t command;
static bool owes_hello, owes_answer;
static uint8_t hops_before_boot;

static void work(const uint32_t *words) {
  static int16_t samples[LAB_HOP_LEN];
  static uint32_t cycles_telling;
  uint32_t start = board_cycles();
  pdm_decimate(words, samples, LAB_HOP_LEN);
  telemetry_t told = {.cycles_pdm = board_cycles() - start, .cycles_telling = cycles_telling};
  told.decision = detector_push(samples, board_cycles);
  told.overruns = microphone_overruns();
  told.decision.hop += told.overruns; /* time goes on for hops that were lost */
  if (!told.decision.decided) {
    return;
  }
  start = board_cycles();
  told.level_db = detector_level_db(samples);
  told.led = board_show(settings.led_event ? 255u * told.decision.event : (uint32_t)(told.decision.code + 128));
  board_say(line, telemetry_line(&told, line));
  cycles_telling = board_cycles() - start;
}

static void obey(const settings_t *before) {
  const event_rule_t *rule = &settings.rule;
  if (memcmp(rule, &before->rule, sizeof *rule) != 0) {
    events_follow(rule);
  }
  if (command.kind == COMMAND_KEEP && !settings_kept(&settings) && !settings_keep(&settings)) {
    command = (command_t){COMMAND_REFUSED, command.number, "the flash did not keep them"};
  }
  owes_hello |= command.kind == COMMAND_WHO;
  if (command.kind == COMMAND_BOOT) {
    hops_before_boot = HOPS_BEFORE_BOOT;
  }
}

/* A command is read when the answer to the one before is out: who sends more waits. */
static void listen(void) {
  for (uint32_t i = 0; i < BYTES_AT_ONCE && !owes_answer; i++) {
    int32_t byte = board_hear();
    if (byte < 0) {
      return;
    }
    settings_t before = settings;
    owes_answer = commands_push((uint8_t)byte, &settings, &command);
    if (owes_answer) {
      obey(&before);
    }
  }
}

/* Who comes to listen is told what this is, then how it is set. */
static void answer(void) {
  static const char hello[] = LAB_HELLO;
  if (board_new_listener()) {
    commands_reset();
    command = (command_t){COMMAND_WHO, 0, NULL};
    owes_hello = owes_answer = true;
  }
  owes_hello = owes_hello && !board_say(hello, (uint32_t)strlen(hello));
  if (owes_answer && !owes_hello) {
    owes_answer = !board_say(line, commands_answer(&command, &settings, settings_kept(&settings), line));
  }
}

static void follow_settings(void) {
  settings = settings_load();
  events_follow(&settings.rule);
}

int main(void) {
  board_start(LAB_LED_PIN);
  board_open_serial();
  pdm_reset();
  detector_reset();
  follow_settings();
  microphone_start(LAB_PDM_DATA_PIN, LAB_PDM_CLOCK_PIN);
  for (;;) {
    answer();
    listen();
    const uint32_t *words = microphone_take();
    if (words) {
      work(words);
      board_alive();
      if (hops_before_boot > 0 && --hops_before_boot == 0) {
        board_boot();
      }
    } else {
      board_wait();
    }
  }
}
