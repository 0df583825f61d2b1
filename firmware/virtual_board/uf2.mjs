/** Reading UF2: 512-byte blocks that say where in flash their 256 bytes go. */

const BLOCK_BYTES = 512;
const PAYLOAD_BYTES = 256;
const MAGIC = [0x0a324655, 0x9e5d5157, 0x0ab16f30];
const RP2040_FAMILY = 0xe48bff56;
const FAMILY_PRESENT = 0x2000;
const FLASH_BASE = 0x10000000;

/**
 * Return the pieces of flash in a UF2 for the RP2040.
 * @param {Uint8Array} file
 * @param {number} flashBytes size of the flash
 * @returns {{offset: number, bytes: Uint8Array}[]}
 * @throws {Error} not a whole UF2 for this chip; says what is wrong with it
 */
export function readUf2(file, flashBytes) {
  if (file.length === 0 || file.length % BLOCK_BYTES !== 0) {
    throw new Error(`not a whole .uf2: ${file.length} bytes are not blocks of ${BLOCK_BYTES}`);
  }
  const count = file.length / BLOCK_BYTES;
  const seen = new Set();
  return Array.from({ length: count }, (_, number) => {
    const block = file.subarray(number * BLOCK_BYTES, (number + 1) * BLOCK_BYTES);
    const piece = readBlock(block, number, count, flashBytes);
    if (seen.has(piece.offset)) throw new Error(`block ${number} writes where another did`);
    seen.add(piece.offset);
    return piece;
  });
}

function readBlock(block, number, count, flashBytes) {
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  const word = (offset) => view.getUint32(offset, true);
  if (word(0) !== MAGIC[0] || word(4) !== MAGIC[1] || word(BLOCK_BYTES - 4) !== MAGIC[2]) {
    throw new Error(`not a .uf2: block ${number} has no magic number`);
  }
  if (!(word(8) & FAMILY_PRESENT) || word(28) !== RP2040_FAMILY) {
    throw new Error(`not for the RP2040: its family is 0x${word(28).toString(16)}`);
  }
  if (word(20) !== number || word(24) !== count) {
    throw new Error(`not whole: block ${number} of ${count} says it is ${word(20)} of ${word(24)}`);
  }
  const offset = word(12) - FLASH_BASE;
  const fits = word(16) === PAYLOAD_BYTES && offset >= 0 && offset + PAYLOAD_BYTES <= flashBytes;
  if (!fits || offset % PAYLOAD_BYTES !== 0) {
    throw new Error(`block ${number} lies outside the flash: ${word(16)} bytes at 0x${word(12).toString(16)}`);
  }
  return { offset, bytes: block.subarray(32, 32 + PAYLOAD_BYTES) };
}
