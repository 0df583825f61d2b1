import assert from 'node:assert/strict';
import test from 'node:test';
import { Board } from '../board.mjs';
import { firmware } from './uf2_files.mjs';

/*  ldr r0, =0x400140cc   GPIO25_CTRL
    movs r1, #4           PWM
    str r1, [r0]
    ldr r0, =0x40050050   PWM channel 4
    ldr r1, =999
    str r1, [r0, #16]     TOP
    ldr r1, =250 << 16
    str r1, [r0, #12]     CC, half B: GPIO 25
    movs r1, #1
    str r1, [r0]          CSR: on
 1: wfe
    b 1b  */
const LIGHT = [
  0x21044805, 0x48056001, 0x61014905, 0x60c14905, 0x60012101, 0xe7fdbf20, 0x400140cc, 0x40050050, 0x000003e7, 0x00fa0000,
];
const TO_BOOT_MODE = [0xe7febe01]; // bkpt #1; b .
const SPIN = [0xe7fee7fe]; // b .

test('the light has the brightness that the firmware gives it', () => {
  const board = new Board({ uf2: firmware(LIGHT) });
  assert.equal(board.led, 0);
  board.run(0.001);
  assert.equal(board.led, 0.25);
});

test('waiting costs no work, and time passes all the same', () => {
  const board = new Board({ uf2: firmware(LIGHT) });
  assert.equal(board.run(10), true);
  assert.equal(board.seconds, 10);
  assert.ok(board.cycles < 100, `${board.cycles} cycles`);
});

test('work takes its cycles at 125 MHz', () => {
  const board = new Board({ uf2: firmware(SPIN) });
  board.run(0.01);
  assert.equal(board.cycles, 1_250_000);
});

test('firmware that goes to boot mode stops the board, with the reason', () => {
  const board = new Board({ uf2: firmware(TO_BOOT_MODE) });
  assert.equal(board.run(1), false);
  assert.match(board.stopped, /boot mode/);
});

test('a file that is no firmware is refused', () => {
  assert.throws(() => new Board({ uf2: new Uint8Array(512) }), /not a \.uf2/);
});

function startMicrophone(board, { divider = 0x3d_0900 } = {}) {
  const machine = board.mcu.pio[0].machines[0];
  board.mcu.writeUint32(0x502000c8, divider << 8); // SM0_CLKDIV
  board.mcu.writeUint32(0x50200000, 1); // CTRL: state machine 0 on
  return machine;
}

test('injected words come every 31,250 ns, the first when 32 bits are heard', () => {
  const board = new Board({ uf2: firmware(LIGHT) });
  board.play(Uint32Array.of(0xdeadbeef, 2, 3));
  board.run(0.001);
  const machine = startMicrophone(board);
  board.run(31_200e-9);
  assert.equal(machine.rxFIFO.empty, true);
  board.run(100e-9);
  assert.equal(machine.rxFIFO.pull() >>> 0, 0xdeadbeef);
  board.run(31_250e-9);
  assert.equal(machine.rxFIFO.pull(), 2);
});

test('silence follows the sound', () => {
  const board = new Board({ uf2: firmware(LIGHT) });
  board.play(Uint32Array.of(7));
  board.run(0.001);
  const machine = startMicrophone(board);
  board.run(63_000e-9);
  assert.deepEqual([machine.rxFIFO.pull(), machine.rxFIFO.pull() >>> 0], [7, 0xaaaaaaaa]);
});

test('a full FIFO loses words and nothing else', () => {
  const board = new Board({ uf2: firmware(LIGHT) });
  board.play(Uint32Array.of(1, 2, 3, 4, 5, 6));
  board.run(0.001);
  const machine = startMicrophone(board);
  board.run(6.5 * 31_250e-9);
  assert.deepEqual([1, 2, 3, 4].map(() => machine.rxFIFO.pull()), [1, 2, 3, 4]);
  assert.equal(board.wordsHeard, 6);
});

test('a microphone started twice keeps its one clock', () => {
  const board = new Board({ uf2: firmware(LIGHT) });
  board.run(0.001);
  startMicrophone(board);
  board.mcu.writeUint32(0x50200000, 0);
  startMicrophone(board);
  board.run(10.5 * 31_250e-9);
  assert.equal(board.wordsHeard, 10);
});

test('a PIO with no divider set does not stop time', () => {
  const board = new Board({ uf2: firmware(LIGHT), mic: 'pdm' });
  startMicrophone(board, { divider: 0 });
  board.run(0.01);
  assert.equal(board.seconds, 0.01);
});
