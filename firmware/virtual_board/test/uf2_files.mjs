/** Small UF2 files for tests. */

import { bootCrc } from '../../../pages/components/flash/uf2.mjs';

const BLOCK_BYTES = 512;
const FLASH_BASE = 0x10000000;

/** Return one block. @param {Partial<Record<string, number>>} [fields] what differs from a good block */
export function block(fields = {}, payload = new Uint8Array(256)) {
  const given = { start: 0x0a324655, second: 0x9e5d5157, flags: 0x2000, address: 0x10000000, size: 256 };
  const all = { ...given, number: 0, count: 1, family: 0xe48bff56, end: 0x0ab16f30, ...fields };
  const bytes = new Uint8Array(BLOCK_BYTES);
  const view = new DataView(bytes.buffer);
  const order = ['start', 'second', 'flags', 'address', 'size', 'number', 'count', 'family'];
  order.forEach((name, index) => view.setUint32(4 * index, all[name], true));
  view.setUint32(BLOCK_BYTES - 4, all.end, true);
  bytes.set(payload, 32);
  return bytes;
}

/** Return firmware whose program, after the vectors at 0x10000100, is these words. @param {number[]} program */
export function firmware(program) {
  const second = new Uint32Array(64);
  second.set([0x20040000, 0x10000109, ...program]);
  const blocks = [
    block({ count: 2 }),
    block({ count: 2, number: 1, address: 0x10000100 }, new Uint8Array(second.buffer)),
  ];
  return Uint8Array.from(blocks.flatMap((bytes) => [...bytes]));
}

/** Return what flash shall hold, and a .uf2 of it that a boot ROM starts. */
export function flashable(bytes = 80 * 1024, seed = 1) {
  const flashed = Uint8Array.from({ length: bytes }, (_, index) => (Math.imul(index + seed, 2654435761) >>> 13) & 255);
  new DataView(flashed.buffer).setUint32(252, bootCrc(flashed.subarray(0, 252)), true);
  const count = bytes / 256;
  const pages = Array.from({ length: count }, (_, number) => [number, flashed.subarray(256 * number, 256 * number + 256)]);
  const file = pages.flatMap(([number, page]) => [...block({ address: FLASH_BASE + 256 * number, number, count }, page)]);
  return { flashed, file: Uint8Array.from(file) };
}
