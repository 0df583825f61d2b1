import assert from 'node:assert/strict';
import test from 'node:test';
import { readUf2 } from '../uf2.mjs';
import { block } from './uf2_files.mjs';

const FLASH_BYTES = 2 ** 21;

test('a good block gives its bytes and where they go', () => {
  const payload = Uint8Array.from({ length: 256 }, (_, index) => index);
  assert.deepEqual(readUf2(block({ address: 0x10000300 }, payload), FLASH_BYTES), [{ offset: 0x300, bytes: payload }]);
});

for (const [what, file, message] of [
  ['nothing', new Uint8Array(0), /not a whole/],
  ['half a block', block().subarray(0, 256), /not a whole/],
  ['other magic', block({ start: 1 }), /not a \.uf2/],
  ['another end', block({ end: 1 }), /not a \.uf2/],
  ['the RP2350', block({ family: 0xe48bff59 }), /not for the RP2040/],
  ['no family', block({ flags: 0 }), /not for the RP2040/],
  ['a lost block', block({ count: 2 }), /not whole/],
  ['RAM', block({ address: 0x20000000 }), /outside the flash/],
  ['the end of flash', block({ address: 0x10200000 }), /outside the flash/],
  ['a crooked address', block({ address: 0x10000001 }), /outside the flash/],
  ['an odd size', block({ size: 476 }), /outside the flash/],
]) {
  test(`a file with ${what} is refused`, () => {
    assert.throws(() => readUf2(file, FLASH_BYTES), message);
  });
}
