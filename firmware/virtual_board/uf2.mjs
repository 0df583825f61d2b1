/** Reading UF2: 512-byte blocks that say where in flash their 256 bytes go. */

const BLOCK_BYTES = 512;
const PAYLOAD_BYTES = 256;
const MAGIC = [0x0a324655, 0x9e5d5157, 0x0ab16f30];
const RP2040_FAMILY = 0xe48bff56;
const FLASH_BASE = 0x10000000;

/**
 * Return the pieces of flash in a UF2 for the RP2040.
 * @param {Uint8Array} file
 * @param {number} flashBytes size of the flash
 * @returns {{offset: number, bytes: Uint8Array}[]}
 * @throws {Error} not a whole UF2 for this chip
 */
export function readUf2(file, flashBytes) {
  if (file.length === 0 || file.length % BLOCK_BYTES !== 0) {
    throw new Error(`not a whole .uf2: ${file.length} bytes`);
  }
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const pieces = [];
  for (let at = 0; at < file.length; at += BLOCK_BYTES) {
    const word = (offset) => view.getUint32(at + offset, true);
    if (word(0) !== MAGIC[0] || word(4) !== MAGIC[1] || word(BLOCK_BYTES - 4) !== MAGIC[2]) {
      throw new Error(`not a .uf2: block ${at / BLOCK_BYTES} has no magic number`);
    }
    if (word(28) !== RP2040_FAMILY) {
      throw new Error(`not for the RP2040: family 0x${word(28).toString(16)}`);
    }
    const offset = word(12) - FLASH_BASE;
    if (word(16) !== PAYLOAD_BYTES || offset < 0 || offset + PAYLOAD_BYTES > flashBytes) {
      throw new Error(`block ${at / BLOCK_BYTES} lies outside the flash`);
    }
    pieces.push({ offset, bytes: file.subarray(at + 32, at + 32 + PAYLOAD_BYTES) });
  }
  return pieces;
}
