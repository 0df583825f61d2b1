import assert from 'node:assert/strict';
import test from 'node:test';
import { History } from '../../../pages/components/monitor/history.mjs';
import { read } from '../../../pages/components/monitor/telemetry.mjs';
import { hopLine } from './said.mjs';

const hop = (number, changed) => read(hopLine(number, changed));

test('each column has the least and greatest of its hops', () => {
  const history = new History(64);
  const first = history.push(hop(31, { code: -100, level: -50 }), 1);
  for (let number = 32; number < 41; number++) history.push(hop(number, { code: number, level: -number, event: Number(number > 38), led: number }), 1);
  const [left, right] = history.columns(first, first + 10, 2);
  assert.deepEqual([left.low, left.high, left.quiet, left.loud, left.event], [-100, 35, -50, -32, false]);
  assert.deepEqual([right.low, right.high, right.led, right.event, right.known], [36, 40, 40, true, true]);
});

test('hops that were lost leave a gap', () => {
  const history = new History(64);
  const first = history.push(hop(31, { code: 1 }), 1);
  history.push(hop(34, { code: 4 }), 1.1);
  assert.deepEqual([0, 1, 2, 3, 4].map((age) => history.code(first + age)), [1, null, null, 4, null]);
});

test('after a restart places go on by the clock', () => {
  const history = new History(1024);
  const before = history.push(hop(500, { code: 5 }), 10);
  const after = history.push(hop(31, { code: 6 }), 13.2);
  assert.equal(after - before, 100);
  assert.deepEqual([history.code(before), history.code(before + 50), history.code(after)], [5, null, 6]);
});

test('a ring forgets the oldest, and a leap over it everything', () => {
  const history = new History(16);
  let place = 0;
  for (let number = 1; number <= 40; number++) place = history.push(hop(number, { code: number }), 0);
  assert.deepEqual([history.code(place), history.code(place - 15), history.code(place - 16)], [40, 25, null]);
  history.push(hop(31), 1e6);
  assert.equal([...history.rows()].length, 2);
});

test('columns beside the known are empty, whatever is asked', () => {
  const history = new History(16);
  assert.ok(history.columns(-1000, 0, 5).every((column) => !column.known));
  history.push(hop(1), 0);
  assert.ok(history.columns(1e9, 1e9 + 5, 5).every((column) => !column.known));
});

test('the hour becomes rows of a table', () => {
  const history = new History(16);
  history.push(hop(31, { code: 0, event: 1, led: 9, level: -3 }), 0.032);
  const rows = [...history.rows()];
  assert.equal(rows[0], 't_s,probability,event,led,level_db,cycles\n');
  assert.match(rows[1], /^\d+\.\d{3},0\.5000,1,9,-3,904440\n$/);
});

test('mutilated lines never harm the rings', () => {
  let state = 9;
  const random = (most) => ((state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 8) % most;
  const letters = '0123456789{}",:-.eEtruefalsnl';
  const history = new History(256);
  let believed = 0;
  for (let round = 0; round < 20_000; round++) {
    const line = [...hopLine(random(2) ? random(2 ** 31) : round, { code: random(256) - 128 })];
    for (let change = random(4); change > 0; change--) line[random(line.length)] = letters[random(letters.length)];
    const said = read(line.join(''));
    if (said?.kind !== 'hop') continue;
    believed++;
    const place = history.push(said, round / 31);
    assert.equal(history.code(place), said.code);
    assert.ok(Number.isSafeInteger(place) && place === history.newest);
  }
  assert.ok(believed > 2_000 && believed < 19_000, `${believed} believed`);
  assert.ok(history.columns(history.newest - 256, history.newest + 1, 50).every(({ low, high }) => low >= -128 && high <= 127));
});
