/* What may be changed on a running board, and where it is kept: two sectors of
 * flash, written page after page, so that at every moment one whole record is
 * there. A record is 32 bytes, with the detector's number, a sequence number
 * and a checksum. */
#ifndef SETTINGS_H
#define SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "events.h"

typedef struct {
  event_rule_t rule;
  bool led_event; /* the light shows events, not probability */
} settings_t;

enum { SETTINGS_SECTORS = 2, SETTINGS_SECTOR_PAGES = 16, SETTINGS_PAGE_BYTES = 256 };
enum { SETTINGS_PAGES = SETTINGS_SECTORS * SETTINGS_SECTOR_PAGES };

/* The detector's own. */
settings_t settings_own(void);

/* What was kept last for this very detector; its own where nothing was, or nothing that it can follow. */
settings_t settings_load(void);

/* Keep them; returns whether they can be read back. */
bool settings_keep(const settings_t *settings);

/* Whether these are the ones that a restart would bring. */
bool settings_kept(const settings_t *settings);

/* From the board: the flash of the records. Programming clears bits, erasing a sector sets them. */
const uint8_t *board_flash_page(uint32_t page);
void board_flash_erase(uint32_t sector);
void board_flash_program(uint32_t page, const uint8_t *bytes);

#endif
