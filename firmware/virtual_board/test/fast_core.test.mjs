/** The processor with the table against the package's own, instruction by instruction and program by program. */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import * as stock from 'rp2040js';
import { withRunSlice } from '../fast_core.mjs';
import { importFast } from './bundles.mjs';

console.warn = () => {}; // the package tells of every access that goes nowhere
const fast = await importFast('node_modules/rp2040js/dist/esm/index.js');
const SILENT = { debug() {}, info() {}, warn() {}, error() {} };
const RAM = 0x20000000;
const FLASH = 0x10000000;
const AT = 0x20001000;
const FIELDS = ['N', 'Z', 'C', 'V', 'PM', 'SPSEL', 'IPSR', 'waiting', 'eventRegistered', 'interruptsUpdated', 'cycles'];

/** Numbers that are the same every time (Numerical Recipes' generator). */
function numbers(seed) {
  let state = seed >>> 0;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0);
}

function pair() {
  return [stock, fast].map(({ RP2040 }) => {
    const mcu = new RP2040();
    mcu.logger = SILENT;
    mcu.heard = [];
    mcu.onBreak = (code) => mcu.heard.push([code, mcu.clock.nanos]);
    return mcu;
  });
}

/** One instruction, or all until `end` on the emulated clock, the package's way or the fast one. */
function run(mcu, end) {
  const { core, clock } = mcu;
  while (clock.nanos < end) {
    if (core.waiting) clock.tick(end - clock.nanos);
    else if (core.runSlice) core.runSlice(end);
    else clock.tick(core.executeInstruction() * 8);
  }
}

function assertSame([one, other], what) {
  assert.deepEqual([...other.core.registers], [...one.core.registers], `registers after ${what}`);
  for (const field of FIELDS) assert.equal(other.core[field], one.core[field], `${field} after ${what}`);
  assert.equal(other.clock.nanos, one.clock.nanos, `time after ${what}`);
  assert.deepEqual(other.heard, one.heard, `breaks after ${what}`);
}

function assertSameMemory([one, other], what) {
  assert.equal(Buffer.compare(one.sram, other.sram), 0, `memory after ${what}`);
}

const EDGES = [0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 31, 32, 33, 0xff];

/** A register: an address in SRAM, at its edge, in flash, an edge of arithmetic, or anything. */
function registerValue(next) {
  const kind = next() >>> 28;
  if (kind < 6) return RAM + 0x8000 + (next() >>> 18) * (kind < 5 ? 4 : 1);
  if (kind === 6) return RAM + 264 * 1024 - (next() >>> 29);
  if (kind === 7) return FLASH + (next() >>> 18) * (next() >>> 31 ? 4 : 1);
  return kind < 12 ? EDGES[(next() >>> 8) % EDGES.length] : next() & 0x3fffffff;
}

const SECOND_HALVES = [0xd000, 0xf800, 0x8f5f, 0x8f4f, 0x8f6f, 0x8010, 0x8810, 0xa123];

function prepare(mcu, opcode, seed) {
  const next = numbers(seed);
  const { core } = mcu;
  for (let index = 0; index < 13; index++) core.registers[index] = registerValue(next);
  core.SP = RAM + 0x20000 + ((next() >>> 20) & ~3);
  core.LR = next();
  core.PC = AT;
  [core.N, core.Z, core.C, core.V] = [28, 29, 30, 31].map((bit) => Boolean((next() >>> bit) & 1));
  core.waiting = core.pendingSVCall = core.interruptsUpdated = core.PM = false;
  mcu.sramView.setUint16(AT - RAM, opcode, true);
  mcu.sramView.setUint16(AT - RAM + 2, SECOND_HALVES[(next() >>> 8) % SECOND_HALVES.length], true);
}

test('every instruction does the same, with any registers', () => {
  const boards = pair();
  const next = numbers(1);
  for (let index = 0; index < 264 * 1024; index++) boards[0].sram[index] = boards[1].sram[index] = next() >>> 24;
  for (let index = 0; index < 80 * 1024; index++) boards[0].flash[index] = boards[1].flash[index] = next() >>> 24;
  for (let opcode = 0; opcode < 0x10000; opcode++) {
    for (let trial = 0; trial < 2; trial++) {
      const what = `0x${opcode.toString(16)}, trial ${trial}`;
      for (const mcu of boards) {
        prepare(mcu, opcode, opcode * 2 + trial);
        run(mcu, mcu.clock.nanos + 1);
      }
      assertSame(boards, what);
    }
    if (opcode % 64 === 63) assertSameMemory(boards, `0x${opcode.toString(16)} and those before`);
  }
});

/** Narrow instructions with no break; memory near the registers' addresses is data. */
function randomProgram(mcu, seed) {
  const next = numbers(seed);
  for (let at = 0; at < 0x2000; at += 2) {
    let opcode;
    do opcode = next() >>> 16;
    while (opcode >> 8 === 0xbe || opcode >> 8 === 0xde || opcode >> 12 === 0xf || opcode === 0xbf30);
    mcu.sramView.setUint16(0x1000 + at, opcode, true);
  }
  prepare(mcu, 0xbf00, seed);
}

test('random programs do the same between alarms, and alarms come at the same time', () => {
  for (let seed = 1; seed <= 60; seed++) {
    const boards = pair();
    for (const mcu of boards) {
      const next = numbers(seed + 1000);
      randomProgram(mcu, seed);
      const alarm = mcu.clock.createAlarm(() => {
        mcu.heard.push([mcu.clock.nanos, mcu.core.registers[0]]);
        mcu.core.waiting = false;
        alarm.schedule(100 + (next() >>> 20) + 1 / 32);
      });
      alarm.schedule(50);
    }
    for (let round = 1; round <= 20; round++) {
      for (const mcu of boards) run(mcu, round * 2500);
      assertSame(boards, `program ${seed}, round ${round}`);
    }
    assertSameMemory(boards, `program ${seed}`);
  }
});

test('another version of the package is refused, not mangled', async () => {
  const path = new URL('../node_modules/rp2040js/dist/esm/cortex-m0-core.js', import.meta.url);
  const source = await readFile(path, 'utf8');
  assert.throws(() => withRunSlice(source.replace('executeInstruction()', 'step()')), /no executeInstruction/);
  assert.throws(() => withRunSlice(source.replaceAll('else if (opcode >> 6', 'else if (x >> 6')), /only \d+ instructions/);
  assert.throws(() => withRunSlice(source.replace('cyclesIO(addr, write', 'cycles(addr, write')), /no core/);
});
