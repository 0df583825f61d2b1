/**
 * The flash chip behind the boot ROM's functions: erasing sets bits, programming
 * clears them, and both take a real chip's time.
 */

const SECTOR_BYTES = 4096;
const PAGE_BYTES = 256;
const ERASE_MICROS = 45_000; // a sector, by the W25Q16JV's data sheet
const PROGRAM_MICROS = 700; // a page

/**
 * Erase as `flash_range_erase` does.
 * @param {Uint8Array} flash
 * @param {number} offset
 * @param {number} count
 * @returns {number} microseconds
 */
export function erase(flash, offset, count) {
  flash.fill(0xff, offset, offset + count);
  return Math.ceil(count / SECTOR_BYTES) * ERASE_MICROS;
}

/**
 * Program as `flash_range_program` does.
 * @param {Uint8Array} flash
 * @param {number} offset
 * @param {Uint8Array} bytes
 * @returns {number} microseconds
 */
export function program(flash, offset, bytes) {
  bytes.forEach((byte, index) => (flash[offset + index] &= byte));
  return Math.ceil(bytes.length / PAGE_BYTES) * PROGRAM_MICROS;
}
