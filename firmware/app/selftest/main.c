/* Runs the firmware's parts on made-up input, holds what comes out against
 * what the building host computed, and tells it with cycles and a checksum of
 * the flash: one report a listener, from any silicon. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "board.h"
#include "feature_rows.h"
#include "hardware/clocks.h"
#include "lab_board.h"
#include "lab_config.h"
#include "lab_vectors.h"
#include "model.h"
#include "pdm.h"
#include "pico/stdlib.h"
#include "pico/unique_id.h"

#define CODES_SHOWN 8
#define LINE_MS 20 /* for a reader to fetch what fills the buffer */
#define ROM_VERSION ((const volatile uint8_t *)0x13)

extern const uint8_t __flash_binary_end;

typedef struct {
  uint32_t passed, of;
} tally_t;

static uint32_t state, slowest_features, slowest_model, cycles_pdm;
static tally_t features, outputs, pdm;

static uint32_t next_random(void) { return state = state * 1664525u + 1013904223u; }

static uint32_t fnv(const void *data, uint32_t length) {
  uint32_t hash = 2166136261u;
  for (const uint8_t *byte = data; length > 0; length--) {
    hash = (hash ^ *byte++) * 16777619u;
  }
  return hash;
}

static void count(tally_t *tally, bool passed) {
  tally->passed += passed;
  tally->of++;
}

static uint32_t crc32(const uint8_t *data, uint32_t length) {
  uint32_t crc = ~0u;
  for (uint32_t i = 0; i < length; i++) {
    crc ^= data[i];
    for (uint32_t bit = 0; bit < 8; bit++) {
      crc = crc >> 1 ^ (0xedb88320u & (0u - (crc & 1)));
    }
    if (i % 65536 == 0) {
      board_alive();
    }
  }
  return ~crc;
}

static void test_pdm(void) {
  static uint32_t words[LAB_HOP_LEN * PDM_WORDS_PER_SAMPLE];
  static int16_t samples[LAB_HOP_LEN];
  state = VECTOR_SEED;
  for (uint32_t i = 0; i < LAB_HOP_LEN * PDM_WORDS_PER_SAMPLE; i++) {
    words[i] = next_random();
  }
  pdm_reset();
  uint32_t start = board_cycles();
  pdm_decimate(words, samples, LAB_HOP_LEN);
  cycles_pdm = board_cycles() - start;
  count(&pdm, fnv(samples, sizeof samples) == VECTOR_PDM);
}

/* One window of noise whose level falls by half each time. */
static void test_window(uint32_t number) {
  static int16_t samples[LAB_HOP_LEN];
  static int8_t window[LAB_ROWS * LAB_BANDS];
  features_reset();
  uint32_t cycles_features = 0;
  for (uint32_t hop = 0; hop < LAB_HOPS_PER_WINDOW; hop++) {
    for (uint32_t i = 0; i < LAB_HOP_LEN; i++) {
      samples[i] = (int16_t)((int32_t)next_random() >> (16 + number % VECTOR_LEVELS));
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
  uint32_t of_features = fnv(window, sizeof window), of_output = fnv(model_output(), MODEL_OUTPUT_LEN);
  count(&features, of_features == vector_features[number]);
  count(&outputs, of_output == vector_outputs[number]);
  slowest_features = cycles_features > slowest_features ? cycles_features : slowest_features;
  slowest_model = cycles_model > slowest_model ? cycles_model : slowest_model;
  printf("{\"window\":%lu,\"features\":%lu,\"output\":%lu,\"codes\":[%d", (unsigned long)number,
         (unsigned long)of_features, (unsigned long)of_output, model_output()[0]);
  for (uint32_t i = 1; i < MODEL_OUTPUT_LEN && i < CODES_SHOWN; i++) {
    printf(",%d", model_output()[i]);
  }
  printf("],\"cycles\":{\"features\":%lu,\"model\":%lu}}\n", (unsigned long)cycles_features,
         (unsigned long)cycles_model);
}

static void print_tally(const char *name, const tally_t *tally, const char *end) {
  printf("\"%s\":{\"passed\":%lu,\"of\":%lu}%s", name, (unsigned long)tally->passed, (unsigned long)tally->of, end);
}

static void print_report(void) {
  char board_id[2 * PICO_UNIQUE_BOARD_ID_SIZE_BYTES + 1];
  const uint8_t *flash = (const uint8_t *)XIP_BASE;
  uint32_t length = (uint32_t)(&__flash_binary_end - flash);
  bool passed = features.passed == features.of && outputs.passed == outputs.of && pdm.passed == pdm.of;
  pico_get_unique_board_id_string(board_id, sizeof board_id);
  printf("{\"selftest\":\"done\",\"passed\":%s,\"board\":\"" PICO_BOARD "\",\"id\":\"%s\",\"rom\":%u,\"clock_hz\":%lu,",
         passed ? "true" : "false", board_id, *ROM_VERSION, (unsigned long)clock_get_hz(clk_sys));
  printf("\"model_sha256\":\"" LAB_MODEL_SHA256 "\",\"flash\":{\"bytes\":%lu,\"crc32\":%lu},\"vectors\":{",
         (unsigned long)length, (unsigned long)crc32(flash, length));
  print_tally("pdm", &pdm, ",");
  print_tally("features", &features, ",");
  print_tally("outputs", &outputs, "},");
  printf("\"cycles\":{\"pdm\":%lu,\"features\":%lu,\"model\":%lu}}\n", (unsigned long)cycles_pdm,
         (unsigned long)slowest_features, (unsigned long)slowest_model);
}

int main(void) {
  static const char hello[] = LAB_HELLO;
  board_start(LAB_LED_PIN);
  board_open_serial();
  for (;;) {
    if (!board_new_listener()) {
      board_alive();
      sleep_ms(LINE_MS);
      continue;
    }
    board_say(hello, (uint32_t)strlen(hello));
    slowest_features = slowest_model = 0;
    features = outputs = pdm = (tally_t){0, 0};
    test_pdm();
    state = VECTOR_SEED;
    for (uint32_t number = 0; number < VECTOR_WINDOWS; number++) {
      board_alive();
      test_window(number);
    }
    print_report();
    board_show(features.passed == features.of && outputs.passed == outputs.of && pdm.passed == pdm.of ? 255 : 0);
  }
}
