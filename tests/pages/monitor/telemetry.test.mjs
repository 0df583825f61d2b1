import assert from 'node:assert/strict';
import test from 'node:test';
import { read, thresholdCode } from '../../../pages/components/monitor/telemetry.mjs';
import { hopLine } from './said.mjs';

test('a decision is read', () => {
  assert.deepEqual(read(hopLine(40, { code: 77, event: 1, led: 200, level: -12, overruns: 3 })), {
    kind: 'hop', hop: 40, code: 77, event: true, led: 200, level: -12, overruns: 3,
    cycles: { pdm: 92_059, features: 156_410, model: 655_971, total: 904_440 }, telling: 22_188,
  }); // prettier-ignore
});

test('an answer is read with the settings in use', () => {
  const rule = { kind: 'count', window_hops: 125, on_hops: 69, off_hops: 32, hold_off_hops: 0 };
  const said = JSON.stringify({ ack: 7, ok: 1, threshold: -20, rule, led: 'event', kept: 0 });
  assert.deepEqual(read(said), { kind: 'answer', ack: 7, ok: true, problem: '', threshold: -20, rule, led: 'event', kept: false });
  assert.equal(read('{"ack":8,"ok":0,"problem":"no"}').problem, 'no');
});

test('a board says what it is, and no more than fits', () => {
  const said = read(JSON.stringify({ lab: 'detector', name: 'x'.repeat(5_000), board: 7, kinds: ['count', 5, 'mean'], threshold: 77 }));
  assert.equal(said.name.length, 200);
  assert.deepEqual([said.board, said.kinds, said.threshold, said.longest], ['', ['count', 'mean'], 77, 0]);
});

for (const line of [
  '', '{', 'null', '[]', '7', '"hop"', '{}', '{"hop":1}', '{"ack":null}', '{"hop":{"toString":1}}', 'hello', '{"lab":"selftest"}', '{"__proto__":{"hop":1}}',
  hopLine(1).replace('"hop":1', '"hop":1e999'), hopLine(-1), hopLine(1.5), hopLine(1, { code: 128 }), hopLine(1, { code: '0' }),
  hopLine(1, { led: 256 }), hopLine(1, { event: true }), hopLine(1, { cycles: null }), hopLine(1, { cycles: { pdm: 1 } }), hopLine(1, { level: null }),
]) {
  test(`no board says ${line.slice(0, 40) || 'nothing'}`, () => assert.equal(read(line), null));
} // prettier-ignore

test('a line of thousands of brackets is no line of a board', () => {
  assert.equal(read('{"a":'.repeat(2_000)), null);
});

test('a threshold has the code that Python gives it', () => {
  assert.deepEqual([0, 0.3, 0.5, 0.8, 0.996, 1].map(thresholdCode), [-128, -51, 0, 77, 127, 127]);
});
