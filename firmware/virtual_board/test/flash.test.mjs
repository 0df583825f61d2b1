import assert from 'node:assert/strict';
import test from 'node:test';
import { erase, program } from '../flash.mjs';

test('erasing sets all bits of the sectors, and takes 45 ms each', () => {
  const flash = new Uint8Array(4 * 4096);
  assert.equal(erase(flash, 4096, 8192), 90_000);
  assert.deepEqual([flash[4095], flash[4096], flash[12_287], flash[12_288]], [0, 255, 255, 0]);
});

test('programming only clears bits, and takes 0.7 ms a page', () => {
  const flash = new Uint8Array(512).fill(0xf0);
  assert.equal(program(flash, 256, new Uint8Array(256).fill(0xaa)), 700);
  assert.deepEqual([flash[255], flash[256], flash[511]], [0xf0, 0xa0, 0xa0]);
});
