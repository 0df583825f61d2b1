import assert from 'node:assert/strict';
import test from 'node:test';
import { LINE_MAX_LEN, LineDecoder } from '../../../pages/components/monitor/lines.mjs';

const bytes = (text) => new TextEncoder().encode(text);

test('lines are whole however they are cut', () => {
  const text = 'one\r\ntwo ✓ 🔥\n\n\nthree\n';
  for (let size = 1; size <= bytes(text).length; size++) {
    const decoder = new LineDecoder();
    const found = [];
    for (let at = 0; at < bytes(text).length; at += size) found.push(...decoder.push(bytes(text).slice(at, at + size)));
    assert.deepEqual(found, ['one', 'two ✓ 🔥', 'three'], `in pieces of ${size}`);
  }
});

test('a line that never ends is held to its bound and cut', () => {
  const decoder = new LineDecoder();
  for (let megabyte = 0; megabyte < 8; megabyte++) assert.deepEqual(decoder.push(new Uint8Array(2 ** 20).fill(120)), []);
  const [line, next] = decoder.push(bytes('\nnext\n'));
  assert.equal(line, `${'x'.repeat(LINE_MAX_LEN)}…`);
  assert.equal(next, 'next');
});

test('a line of exactly the bound is whole', () => {
  assert.deepEqual(new LineDecoder(4).push(bytes('1234\n12345\n')), ['1234', '1234…']);
});

test('bytes that are no text become replacement characters', () => {
  assert.deepEqual(new LineDecoder().push(Uint8Array.of(0xff, 0x41, 0xc3, 10, 0x42, 10)), ['�A�', 'B']);
});

test('what was begun before a reset is forgotten', () => {
  const decoder = new LineDecoder();
  decoder.push(bytes('{"half'));
  decoder.reset();
  assert.deepEqual(decoder.push(bytes('whole\n')), ['whole']);
});

test('any bytes in pieces of any length give lines of text within the bound', () => {
  let state = 1;
  const random = (most) => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) % most;
  const decoder = new LineDecoder(64);
  for (let piece = 0; piece < 5_000; piece++) {
    const chunk = Uint8Array.from({ length: random(200) }, () => random(40) ? random(256) : 10);
    for (const line of decoder.push(chunk)) {
      assert.equal(typeof line, 'string');
      assert.ok(line.length > 0 && line.length <= 65);
    }
  }
});
