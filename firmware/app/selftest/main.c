/* Runs the detector's parts on made-up input and tells what came out, so that
 * any silicon can be held against this project's host. */
#include <stdio.h>
#include <string.h>

#include "board.h"
#include "feature_rows.h"
#include "lab_board.h"
#include "lab_config.h"
#include "model.h"
#include "pico/stdlib.h"

#define WINDOWS 20
#define RECIPE_SEED 12345u
#define CODES_SHOWN 8

static uint32_t state;

static uint32_t next_random(void) { return state = state * 1664525u + 1013904223u; }

static uint32_t fnv(uint32_t hash, const void *data, uint32_t length) {
  for (const uint8_t *byte = data; length > 0; length--) {
    hash = (hash ^ *byte++) * 16777619u;
  }
  return hash;
}

/* One window of noise whose level falls by half each time. */
static void test_window(uint32_t number) {
  static int16_t samples[LAB_HOP_LEN];
  static int8_t window[LAB_ROWS * LAB_BANDS];
  features_reset();
  uint32_t cycles_features = 0;
  for (uint32_t hop = 0; hop < LAB_HOPS_PER_WINDOW; hop++) {
    for (uint32_t i = 0; i < LAB_HOP_LEN; i++) {
      samples[i] = (int16_t)((int32_t)next_random() >> (16 + number % 14));
    }
    uint32_t start = board_cycles();
    features_push(samples);
    cycles_features = board_cycles() - start;
  }
  features_window(window);
  memcpy(model_input(), window, sizeof window);
  uint32_t start = board_cycles();
  model_invoke();
  uint32_t cycles_model = board_cycles() - start;
  printf("{\"window\":%lu,\"features\":%lu,\"output\":%lu,\"codes\":[%d", (unsigned long)number,
         (unsigned long)fnv(2166136261u, window, sizeof window),
         (unsigned long)fnv(2166136261u, model_output(), MODEL_OUTPUT_LEN), model_output()[0]);
  for (uint32_t i = 1; i < MODEL_OUTPUT_LEN && i < CODES_SHOWN; i++) {
    printf(",%d", model_output()[i]);
  }
  printf("],\"cycles\":{\"features\":%lu,\"model\":%lu}}\n", (unsigned long)cycles_features,
         (unsigned long)cycles_model);
}

int main(void) {
  static const char hello[] = LAB_HELLO;
  board_start(LAB_LED_PIN);
  board_open_serial();
  for (;;) {
    if (!board_new_listener()) {
      board_alive();
      sleep_ms(10);
      continue;
    }
    board_say(hello, (uint32_t)strlen(hello));
    state = RECIPE_SEED;
    for (uint32_t number = 0; number < WINDOWS; number++) {
      board_alive();
      test_window(number);
    }
    printf("{\"selftest\":\"done\"}\n");
  }
}
