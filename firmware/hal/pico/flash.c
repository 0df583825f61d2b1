/* The flash that keeps settings: the last two sectors of the chip.
 *
 * While flash is written nothing can run from it. Interrupts are held back, but
 * for the microphone's, whose handler and data lie in SRAM: its transfers must
 * be aimed anew each hop, or they would run past their buffers. A page takes a
 * millisecond, an erasure up to 0.4 s; hops lost meanwhile are counted as
 * overruns, and USB waits. */
#include "hardware/flash.h"

#include "hardware/irq.h"
#include "hardware/structs/nvic.h"
#include "settings.h"

#define FIRST_BYTE (PICO_FLASH_SIZE_BYTES - SETTINGS_SECTORS * FLASH_SECTOR_SIZE)

_Static_assert(SETTINGS_PAGE_BYTES == FLASH_PAGE_SIZE && SETTINGS_SECTOR_PAGES * FLASH_PAGE_SIZE == FLASH_SECTOR_SIZE,
               "settings.c counts in other pages");

static uint32_t hold_interrupts(void) {
  uint32_t enabled = nvic_hw->iser;
  nvic_hw->icer = enabled & ~(1u << DMA_IRQ_0);
  return enabled;
}

const uint8_t *board_flash_page(uint32_t page) {
  return (const uint8_t *)(XIP_NOCACHE_NOALLOC_BASE + FIRST_BYTE + page * FLASH_PAGE_SIZE);
}

void board_flash_erase(uint32_t sector) {
  uint32_t enabled = hold_interrupts();
  flash_range_erase(FIRST_BYTE + sector * FLASH_SECTOR_SIZE, FLASH_SECTOR_SIZE);
  nvic_hw->iser = enabled;
}

void board_flash_program(uint32_t page, const uint8_t *bytes) {
  uint32_t enabled = hold_interrupts();
  flash_range_program(FIRST_BYTE + page * FLASH_PAGE_SIZE, bytes, FLASH_PAGE_SIZE);
  nvic_hw->iser = enabled;
}
