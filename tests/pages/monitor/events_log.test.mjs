import assert from 'node:assert/strict';
import test from 'node:test';
import { Events, KEPT } from '../../../pages/components/monitor/events.mjs';
import { Log } from '../../../pages/components/monitor/log.mjs';
import { read } from '../../../pages/components/monitor/telemetry.mjs';
import { hopLine } from './said.mjs';

const hop = (number, event, code = 0) => read(hopLine(number, { event, code }));

test('an event lasts from its first hop to its last', () => {
  const events = new Events();
  for (const [number, on, code] of [[100, 0, 1], [101, 1, 50], [102, 1, 90], [103, 1, 20], [104, 0, 1]]) events.push(hop(number, on, code), 7);
  const [{ at, board_s, seconds, peak, isOn }] = events.list;
  assert.deepEqual([at, board_s.toFixed(3), seconds.toFixed(3), peak, isOn], [7, '3.232', '0.064', 90, false]);
});

test('a board that restarts has ended its event', () => {
  const events = new Events();
  events.push(hop(500, 1), 1);
  events.push(hop(31, 1), 2);
  assert.deepEqual(events.list.map(({ number, isOn }) => [number, isOn]), [[2, true], [1, false]]);
  events.end();
  assert.equal(events.list[0].isOn, false);
});

test('the newest events are kept, all are counted', () => {
  const events = new Events();
  for (let number = 1; number <= 2_000; number++) events.push(hop(number, number % 2), number);
  assert.deepEqual([events.count, events.list.length, events.list[0].number], [1_000, KEPT, 1_000]);
});

test('the log keeps the last lines and finds words in them', () => {
  const log = new Log(3, 1_000);
  for (const line of ['one', 'Two', 'three', 'four two']) log.push(line);
  assert.deepEqual(log.find('two', 10), ['Two', 'four two']);
  assert.deepEqual(log.find('', 2), ['three', 'four two']);
  assert.equal(log.text(), 'Two\nthree\nfour two\n');
});

test('a paused view shows what was there, however long it is looked at', () => {
  const log = new Log(3, 1_000);
  for (const line of ['1', '2', '3', '4']) log.push(line);
  const frozen = log.copy();
  for (const line of ['5', '6', '7']) log.push(line);
  assert.deepEqual(frozen.find('', 10), ['2', '3', '4']);
  assert.deepEqual(frozen.find('3', 10), ['3']);
});

test('long lines push the log to its bound of letters', () => {
  const log = new Log(100, 1_000);
  for (let line = 0; line < 500; line++) log.push(String(line).padEnd(400, 'x'));
  assert.ok(log.letters <= 1_000);
  assert.equal(log.find('', 10).length, 2);
});
