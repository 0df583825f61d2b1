/* Listen, decide, tell: one hop of 512 samples every 32 ms. */
#include <stdbool.h>
#include <string.h>

#include "board.h"
#include "detector.h"
#include "lab_board.h"
#include "lab_config.h"
#include "microphone.h"
#include "pdm.h"
#include "telemetry.h"

static void work(const uint32_t *words) {
  static int16_t samples[LAB_HOP_LEN];
  static char line[TELEMETRY_MAX_LEN];
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
  told.led = board_show(LAB_LED_SHOWS_EVENT ? 255u * told.decision.event : (uint32_t)(told.decision.code + 128));
  board_say(line, telemetry_line(&told, line));
  cycles_telling = board_cycles() - start;
}

int main(void) {
  static const char hello[] = LAB_HELLO;
  bool owes_hello = false;
  board_start(LAB_LED_PIN);
  board_open_serial();
  pdm_reset();
  detector_reset();
  microphone_start(LAB_PDM_DATA_PIN, LAB_PDM_CLOCK_PIN);
  for (;;) {
    owes_hello |= board_new_listener();
    owes_hello = owes_hello && !board_say(hello, (uint32_t)strlen(hello));
    const uint32_t *words = microphone_take();
    if (words) {
      work(words);
      board_alive();
    } else {
      board_wait();
    }
  }
}
