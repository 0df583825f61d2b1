#include "settings.h"

#include <string.h>

#include "lab_config.h"

enum { MAGIC = 0x5453424c, TRIES = 3 };

typedef struct {
  uint32_t magic, sequence;
  uint32_t detector; /* records of another are ignored */
  uint16_t window_hops, on_hops, off_hops, hold_off_hops;
  int8_t threshold;
  uint8_t kind, led_event, spare;
  uint32_t zero;
  uint32_t crc32;
} record_t;

_Static_assert(sizeof(record_t) == 32, "a record is the same on every machine");

static uint32_t crc32(const record_t *record) {
  const uint8_t *bytes = (const uint8_t *)record;
  uint32_t crc = ~0u;
  for (uint32_t i = 0; i < sizeof *record - sizeof record->crc32; i++) {
    crc ^= bytes[i];
    for (uint32_t bit = 0; bit < 8; bit++) {
      crc = crc >> 1 ^ (0xedb88320u & (0u - (crc & 1)));
    }
  }
  return ~crc;
}

static record_t read_page(uint32_t page) {
  record_t record;
  memcpy(&record, board_flash_page(page), sizeof record);
  return record;
}

static bool is_whole(const record_t *record) { return record->magic == MAGIC && record->crc32 == crc32(record); }

/* The newest whole record; returns its page, or -1. */
static int32_t find_newest(record_t *newest) {
  int32_t found = -1;
  for (uint32_t page = 0; page < SETTINGS_PAGES; page++) {
    record_t record = read_page(page);
    if (is_whole(&record) && (found < 0 || (int32_t)(record.sequence - newest->sequence) > 0)) {
      *newest = record;
      found = (int32_t)page;
    }
  }
  return found;
}

settings_t settings_own(void) { return (settings_t){events_own, LAB_LED_SHOWS_EVENT}; }

settings_t settings_load(void) {
  record_t r;
  if (find_newest(&r) < 0 || r.detector != LAB_DETECTOR_NUMBER) {
    return settings_own();
  }
  settings_t kept = {{r.threshold, r.kind, r.window_hops, r.on_hops, r.off_hops, r.hold_off_hops}, r.led_event == 1};
  return events_can(&kept.rule) && r.led_event <= 1 ? kept : settings_own();
}

static record_t record_of(const settings_t *settings, uint32_t sequence) {
  const event_rule_t *rule = &settings->rule;
  record_t record = {
      .magic = MAGIC, .sequence = sequence, .detector = LAB_DETECTOR_NUMBER, .window_hops = rule->window_hops,
      .on_hops = rule->on_hops, .off_hops = rule->off_hops, .hold_off_hops = rule->hold_off_hops,
      .threshold = rule->threshold, .kind = rule->kind, .led_event = settings->led_event,
  };
  record.crc32 = crc32(&record);
  return record;
}

static bool is_blank(uint32_t page) {
  const uint8_t *bytes = board_flash_page(page);
  for (uint32_t i = 0; i < SETTINGS_PAGE_BYTES; i++) {
    if (bytes[i] != 0xff) return false;
  }
  return true;
}

/* A sector is erased when its first page is next: the newest record lies in the other one then. */
static uint32_t next_page(int32_t newest) {
  uint32_t page = (uint32_t)(newest + 1) % SETTINGS_PAGES;
  while (page % SETTINGS_SECTOR_PAGES != 0 && !is_blank(page)) {
    page = (page + 1) % SETTINGS_PAGES;
  }
  return page;
}

static bool write_page(uint32_t page, const record_t *record) {
  uint8_t bytes[SETTINGS_PAGE_BYTES];
  memset(bytes, 0xff, sizeof bytes);
  memcpy(bytes, record, sizeof *record);
  if (page % SETTINGS_SECTOR_PAGES == 0) {
    board_flash_erase(page / SETTINGS_SECTOR_PAGES);
  }
  board_flash_program(page, bytes);
  return memcmp(board_flash_page(page), bytes, sizeof bytes) == 0;
}

bool settings_keep(const settings_t *settings) {
  record_t newest = {0};
  int32_t page = find_newest(&newest);
  record_t record = record_of(settings, newest.sequence + 1);
  for (uint32_t tries = 0; tries < TRIES; tries++) {
    page = (int32_t)next_page(page);
    if (write_page((uint32_t)page, &record)) {
      return true;
    }
  }
  return false;
}

bool settings_kept(const settings_t *settings) {
  record_t loaded, given;
  settings_t kept = settings_load();
  loaded = record_of(&kept, 0);
  given = record_of(settings, 0);
  return memcmp(&loaded, &given, sizeof given) == 0;
}
