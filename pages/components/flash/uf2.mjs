/** What of a .uf2 goes into flash; refuses what a board could not start. */

import { readUf2 } from '../../../firmware/virtual_board/uf2.mjs';
import { FlashError, PAGE_BYTES, SECTOR_BYTES } from './picoboot.mjs';

export const FLASH_BYTES = 2 * 2 ** 20;
export const FILE_BYTES = 2 * FLASH_BYTES; // a block of 512 bytes carries 256
const BOOT_BYTES = 252;

/** CRC-32 as the boot ROM takes it of the second-stage boot loader: MSB first, no final inversion. @param {Uint8Array} bytes */
export function bootCrc(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  }
  return crc >>> 0;
}

/** @param {Uint8Array} flash from its start @returns {boolean} whether the boot ROM would start it */
export function starts(flash) {
  const view = new DataView(flash.buffer, flash.byteOffset, flash.byteLength);
  return bootCrc(flash.subarray(0, BOOT_BYTES)) === view.getUint32(BOOT_BYTES, true);
}

/** @param {number} length of a file, in bytes */
export function tooLarge(length) {
  return new FlashError('Refused', `This file is refused, the board is untouched: ${length} bytes are more than a .uf2 that fits the flash has (${FILE_BYTES}).`);
}

/**
 * @param {Uint8Array} file a .uf2
 * @returns {{sectors: number[], bytes: Uint8Array}} offsets of the sectors it touches, in order, and flash from its start
 * @throws {FlashError} Refused: the file is not one that an RP2040 board can start
 */
export function imageOf(file) {
  let pieces;
  if (file.length > FILE_BYTES) throw tooLarge(file.length);
  try {
    pieces = readUf2(file, FLASH_BYTES);
  } catch (error) {
    throw new FlashError('Refused', `This file is refused, the board is untouched: ${error.message}.`);
  }
  const end = Math.max(...pieces.map(({ offset }) => offset)) + PAGE_BYTES;
  const bytes = new Uint8Array(Math.ceil(end / SECTOR_BYTES) * SECTOR_BYTES).fill(0xff);
  const sectors = new Set();
  for (const piece of pieces) {
    bytes.set(piece.bytes, piece.offset);
    sectors.add(piece.offset - (piece.offset % SECTOR_BYTES));
  }
  if (!sectors.has(0) || !starts(bytes)) {
    throw new FlashError('Refused', 'This file is refused, the board is untouched: it has no boot loader that the board would start.');
  }
  return { sectors: [...sectors].sort((a, b) => a - b), bytes };
}
