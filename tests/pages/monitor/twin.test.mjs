import assert from 'node:assert/strict';
import test from 'node:test';
import { History } from '../../../pages/components/monitor/history.mjs';
import { read } from '../../../pages/components/monitor/telemetry.mjs';
import { TwinTrack, correlation } from '../../../pages/components/monitor/twin.mjs';
import { hopLine } from './said.mjs';

const HOPS = 900;

function noise(seed) {
  let state = seed;
  let value = 0;
  return Array.from({ length: HOPS + 200 }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    value = 0.9 * value + (state / 2 ** 32 - 0.5) * 120;
    return Math.max(-128, Math.min(127, Math.round(value)));
  });
}

/** A board that hears `late` hops after its twin, whose curve has some noise of its own. */
function pair(late, wobble = 0) {
  const curve = noise(5);
  const own = noise(77);
  const [history, twin] = [new History(4096), new TwinTrack()];
  for (let hop = 31; hop < HOPS; hop++) history.push(read(hopLine(hop, { code: curve[hop - late + 100] })), 0);
  const heard = (hop) => Math.max(-128, Math.min(127, Math.round(curve[hop + 100] + wobble * own[hop])));
  twin.push(1, Array.from({ length: HOPS - 1 }, (_, index) => [index + 1, heard(index + 1), 0]));
  return { history, twin };
}

for (const late of [0, 7, -31, 94]) {
  test(`a board ${late} hops late is laid over its twin`, () => {
    const { history, twin } = pair(late);
    assert.equal(twin.align(history), true);
    assert.equal(twin.codeAt(history.newest - 100), history.code(history.newest - 100));
    const { hops, apart, agree } = twin.difference(history, 0);
    assert.ok(hops > 500);
    assert.deepEqual([apart, agree], [0, 1]);
  });
}

test('two microphones differ a little, and fit all the same', () => {
  const { history, twin } = pair(12, 0.25);
  assert.equal(twin.align(history), true);
  const { apart, agree } = twin.difference(history, 0);
  assert.ok(apart > 0.005 && apart < 0.1);
  assert.ok(agree > 0.85 && agree < 1);
});

test('silence, and another sound, fit nowhere', () => {
  const quiet = pair(0);
  quiet.twin.push(2, Array.from({ length: HOPS }, (_, hop) => [hop, -128, 0]));
  assert.equal(quiet.twin.align(quiet.history), false);
  assert.equal(quiet.twin.difference(quiet.history, 0), null);
  const other = pair(0);
  other.twin.push(3, noise(1234).slice(0, HOPS).map((code, hop) => [hop, code, 0]));
  assert.equal(other.twin.align(other.history), false);
});

test('a poor stretch keeps the lag that was found, another stream forgets it', () => {
  const { history, twin } = pair(5);
  twin.align(history);
  const { lag } = twin;
  twin.push(1, Array.from({ length: 700 }, (_, hop) => [HOPS + hop, -128, 0]));
  assert.equal(twin.align(history), false);
  assert.equal(twin.lag, lag);
  twin.push(2, []);
  assert.equal(twin.lag, null);
});

test('hops told twice, lost, or leapt over', () => {
  const twin = new TwinTrack(16);
  twin.push(1, [[1, 10, 0], [2, 20, 0], [1, 99, 0], [5, 50, 0]]);
  assert.deepEqual([1, 2, 3, 5, 6].map((hop) => twin.code(hop)), [10, 20, null, 50, null]);
  twin.push(1, [[1e9, 7, 0]]);
  assert.deepEqual([twin.code(5), twin.code(1e9), twin.code(1e9 - 1)], [null, 7, null]);
});

test('correlation is 1 with itself, -1 with its mirror', () => {
  const curve = noise(3).slice(0, 400);
  assert.ok(correlation(curve, (index) => curve[index]) > 0.9999);
  assert.ok(correlation(curve, (index) => -curve[index]) < -0.9999);
  assert.equal(correlation(curve, () => null), null);
});
