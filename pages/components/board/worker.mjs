/**
 * The virtual board in a Worker of the page: it runs the very .uf2, and time on
 * its clock follows the sound.
 *
 * Messages in: {kind: 'power', uf2, pins}, {kind: 'sound', samples, isLast},
 * {kind: 'pace', isReal}, {kind: 'pause', isOn}, {kind: 'send', text}.
 * Messages out: {kind: 'told', lines, led, sound_s, behind_s, factor} and at last
 * {kind: 'ended', why, lines}; `factor` is emulated seconds a second of this machine.
 */

import { Board, SLICE_S } from '../../../firmware/virtual_board/board.mjs';
import { Modulator } from '../../../firmware/virtual_board/modulator.mjs';

const RATE_HZ = 16_000;
const TAIL_S = 0.35; // until the last hop's line is out
const BURST_MS = 30;
const WAIT_MS = 6;
const TELL_MS = 40;
const LEAST_FACTOR_MS = 300; // before, the browser has not yet compiled what it runs
const FACTOR_MS = 1_000; // how much of the newest work the factor is taken from

class Bench {
  constructor({ uf2, pins }) {
    this.lines = [];
    this.modulator = new Modulator();
    this.samples = 0;
    Object.assign(this, { isLast: false, isReal: true, isPaused: false, clock_ms: 0, seen_ms: performance.now() });
    Object.assign(this, { told_ms: 0, worked_ms: 0, worked_s: 0, factor: null });
    this.board = new Board({ uf2, ...pins, onLine: (line) => this.lines.push(line) });
  }

  sound({ samples, isLast }) {
    this.board.play(this.modulator.modulate(samples));
    this.samples += samples.length;
    this.isLast ||= isLast;
  }

  /** Seconds on the board's clock at which its microphone began, or undefined. */
  get start_s() {
    return this.board.soundStartNanos === undefined ? undefined : this.board.soundStartNanos / 1e9;
  }

  /** Whether a slice may run now: not ahead of the sound, nor of the real clock where that paces it. */
  get isDue() {
    if (this.start_s === undefined) return true;
    const sound_s = this.samples / RATE_HZ + (this.isLast ? TAIL_S + SLICE_S : 0);
    const due_s = this.isReal ? Math.min(sound_s, this.clock_ms / 1000) : sound_s;
    return this.board.seconds - this.start_s + SLICE_S <= due_s;
  }

  get isOver() {
    return this.board.stopped || (this.isLast && this.start_s !== undefined && this.board.seconds >= this.start_s + this.samples / RATE_HZ + TAIL_S);
  }

  /** Run what is due, for a moment; return how long to wait before the next. */
  step() {
    const now = performance.now();
    if (!this.isPaused && this.start_s !== undefined) this.clock_ms += now - this.seen_ms;
    this.seen_ms = now;
    if (this.isPaused || !this.samples) return WAIT_MS; // without sound, silence would be heard in its place
    const { board } = this;
    const from_s = board.seconds;
    while (!this.isOver && this.isDue && performance.now() - now < BURST_MS) board.run(SLICE_S); // whole ones only
    this.#measure(performance.now() - now, board.seconds - from_s);
    return this.isDue ? 0 : WAIT_MS;
  }

  #measure(ms, s) {
    if (s <= 0) return;
    this.worked_ms += ms;
    this.worked_s += s;
    if (this.worked_ms < FACTOR_MS) return;
    this.factor = (1000 * this.worked_s) / this.worked_ms;
    this.worked_ms = this.worked_s = 0;
  }

  tell(kind = 'told', more = {}) {
    const heard_s = this.start_s === undefined ? 0 : Math.max(0, this.board.seconds - this.start_s);
    const due_s = Math.min(this.clock_ms / 1000, this.samples / RATE_HZ);
    const factor = this.factor ?? (this.worked_ms > LEAST_FACTOR_MS ? (1000 * this.worked_s) / this.worked_ms : null);
    postMessage({ kind, lines: this.lines.splice(0), led: this.board.led, sound_s: heard_s, behind_s: this.isReal ? Math.max(0, due_s - heard_s) : 0, factor, ...more });
    this.told_ms = performance.now();
  }
}

let bench = null;

function loop() {
  if (!bench) return;
  try {
    const wait_ms = bench.step();
    if (bench.isOver) {
      bench.tell('ended', { why: bench.board.stopped || 'done' });
      bench = null;
      return;
    }
    if (performance.now() - bench.told_ms >= TELL_MS) bench.tell();
    setTimeout(loop, wait_ms);
  } catch (error) {
    bench = null;
    postMessage({ kind: 'ended', why: `the virtual board failed: ${error.message}`, lines: [] });
  }
}

const HEARD = {
  power(message) {
    bench = new Bench(message);
    loop();
  },
  sound: (message) => bench?.sound(message),
  pace: ({ isReal }) => bench && (bench.isReal = isReal),
  pause: ({ isOn }) => bench && (bench.isPaused = isOn),
  send: ({ text }) => bench?.board.serial.send(new TextEncoder().encode(text)),
};

console.warn = console.error = () => {}; // rp2040js tells of every odd access
onmessage = ({ data }) => {
  try {
    HEARD[data.kind]?.(data);
  } catch (error) {
    postMessage({ kind: 'ended', why: error.message, lines: [] });
  }
};
