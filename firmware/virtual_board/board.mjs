/**
 * A virtual board: an RP2040 that runs a .uf2, with a microphone on its PDM
 * pins, a light and a USB serial line. Pure of Node and of the page; time is
 * the emulated clock, so a run is the same every time.
 */

import { RP2040 } from 'rp2040js';
import { BOOTROM } from './bootrom.mjs';
import { CdcHost } from './cdc_host.mjs';
import { erase, program } from './flash.mjs';
import { readUf2 } from './uf2.mjs';

export const CLOCK_HZ = 125e6;
/** Runs of so many seconds each, from power-on, are the same wherever they run: where one ends moves cycles in the next. */
export const SLICE_S = 0.016;
const NANOS_PER_CYCLE = 1e9 / CLOCK_HZ;
const NANOS_PER_WORD = 31_250;
const SILENCE = 0xaaaaaaaa;
const VECTORS = 0x10000100;
const FLASH_BYTES = 2 * 2 ** 20;
const FUNCTION_PWM = 4;
const PWM_ENABLED = 1;
const WATCHDOG = 0x40058;
const SRAM = 0x20000000;
const BREAK = { BOOT_MODE: 1, ERASE: 2, PROGRAM: 3 }; // of bootrom.S
const LINE_MAX_LEN = 4096;
const SILENT = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * @typedef {object} BoardOptions
 * @property {Uint8Array} uf2 the firmware
 * @property {(line: string) => void} [onLine] a line of serial output, without its newline
 * @property {'inject' | 'pdm'} [mic] words into the receive FIFO, or bits on the data pin
 * @property {number} [ledPin]
 * @property {number} [dataPin]
 * @property {number} [clockPin]
 */

export class Board {
  /** @param {BoardOptions} options */
  constructor({ uf2, onLine = () => {}, mic = 'inject', ledPin = 25, dataPin = 2, clockPin = 3 }) {
    this.mcu = new RP2040();
    this.mcu.logger = SILENT;
    this.onLine = onLine;
    this.ledPin = ledPin;
    this.stopped = '';
    this.idleNanos = 0;
    this.coming = []; // arrays of words not heard yet
    this.place = 0; // in the first of them
    this.wordsHeard = 0;
    this.#load(uf2);
    this.#stopOnTrouble();
    this.#connectUsb();
    this.#connectMicrophone(mic, dataPin, clockPin);
    for (const channel of this.mcu.pwm.channels) channel.updateEnable = () => {}; // only levels are read
  }

  #load(uf2) {
    this.mcu.loadBootrom(BOOTROM); // also erases the flash
    for (const { offset, bytes } of readUf2(uf2, FLASH_BYTES)) this.mcu.flash.set(bytes, offset);
    const { core, flashView } = this.mcu;
    const vectors = VECTORS & 0xffffff;
    core.VTOR = VECTORS;
    core.SP = flashView.getUint32(vectors, true);
    core.PC = flashView.getUint32(vectors + 4, true) & ~1;
  }

  #stopOnTrouble() {
    this.mcu.onBreak = (code) => {
      if (code === BREAK.ERASE || code === BREAK.PROGRAM) this.#writeFlash(code);
      else this.stopped = code === BREAK.BOOT_MODE ? 'the firmware went to boot mode' : `the firmware stopped at breakpoint ${code}`;
    };
    const watchdog = this.mcu.peripherals[WATCHDOG];
    watchdog.onWatchdogTrigger = () => {
      this.stopped = 'the watchdog found the firmware stuck';
      watchdog.timer.enable = watchdog.alarm.enable = false; // it would fire again and again, in no time
    };
  }

  /** The boot ROM asks, with offset, (source and) count in registers, and waits as long as register 0 says. */
  #writeFlash(code) {
    const { flash, sram, core } = this.mcu;
    const [offset, second, third] = core.registers;
    core.registers[0] =
      code === BREAK.ERASE
        ? erase(flash, offset, second)
        : program(flash, offset, sram.slice(second - SRAM, second - SRAM + third));
  }

  #connectUsb() {
    let text = '';
    const decoder = new TextDecoder();
    this.serial = new CdcHost(this.mcu.usbCtrl, (bytes) => {
      const lines = (text + decoder.decode(bytes, { stream: true })).split('\n');
      text = lines.pop().slice(-LINE_MAX_LEN);
      for (const line of lines) this.onLine(line);
    });
  }

  /** The state machine's start is the microphone's: its first bit is bit 0 of the sound. */
  #connectMicrophone(mic, dataPin, clockPin) {
    const pio = this.mcu.pio[0];
    pio.run = () => {
      if (this.soundStartNanos !== undefined) return; // stopped and started again: the microphone went on
      this.soundStartNanos = this.mcu.clock.nanos;
      if (mic === 'pdm') this.#clockPins(pio, dataPin, clockPin);
      else this.#injectWords(pio);
    };
  }

  #injectWords(pio) {
    const alarm = this.mcu.clock.createAlarm(() => {
      const machine = pio.machines[0];
      const word = this.#nextWord();
      if (machine.enabled && !machine.rxFIFO.full) {
        machine.rxFIFO.push(word);
        machine.updateDMARx();
      }
      alarm.schedule(this.soundStartNanos + (this.wordsHeard + 1) * NANOS_PER_WORD - this.mcu.clock.nanos);
    });
    alarm.schedule(NANOS_PER_WORD);
  }

  /** A microphone puts its next bit on the line when the clock falls. */
  #clockPins(pio, dataPin, clockPin) {
    let word = this.#nextWord();
    let bit = 0;
    const put = () => this.mcu.gpio[dataPin].setInputValue(((word >>> (31 - bit)) & 1) === 1);
    put();
    this.mcu.gpio[clockPin].addListener((state, before) => {
      if (state !== 0 || before !== 1) return;
      bit = (bit + 1) % 32;
      if (bit === 0) word = this.#nextWord();
      put();
    });
    const { clockDivInt, clockDivFrac } = pio.machines[0];
    const stepNanos = ((clockDivInt || 65536) + clockDivFrac / 256) * NANOS_PER_CYCLE;
    let steps = 0;
    const alarm = this.mcu.clock.createAlarm(() => {
      if (!pio.stopped) pio.step();
      steps++;
      alarm.schedule(this.soundStartNanos + steps * stepNanos - this.mcu.clock.nanos);
    });
    alarm.schedule(0);
  }

  #nextWord() {
    this.wordsHeard++;
    if (this.place === this.coming[0]?.length) {
      this.coming.shift();
      this.place = 0;
    }
    return this.coming.length ? this.coming[0][this.place++] : SILENCE;
  }

  /** Give the microphone sound, to be heard after what it was given before. @param {Uint32Array} words as `Modulator` makes them */
  play(words) {
    if (words.length) this.coming.push(words);
  }

  /** Brightness of the light, 0 to 1. */
  get led() {
    const { gpio, pwm } = this.mcu;
    const channel = pwm.channels[(this.ledPin >> 1) & 7];
    if (gpio[this.ledPin].functionSelect !== FUNCTION_PWM || !(channel.csr & PWM_ENABLED)) return 0;
    const compare = this.ledPin & 1 ? channel.cc >>> 16 : channel.cc & 0xffff;
    return Math.min(1, compare / (channel.top + 1));
  }

  /** Seconds since power came on, on the emulated clock. */
  get seconds() {
    return this.mcu.clock.nanos / 1e9;
  }

  /** Cycles that the processor did not wait. */
  get cycles() {
    return this.mcu.core.cycles;
  }

  /**
   * Let time pass on the board; idle time is skipped.
   * @param {number} seconds
   * @returns {boolean} false when the firmware stopped for good
   */
  run(seconds) {
    const { core, clock } = this.mcu;
    const end = clock.nanos + seconds * 1e9;
    while (clock.nanos < end && !this.stopped) {
      if (core.waiting) {
        const idle = Math.min(clock.nextAlarm ? clock.nanosToNextAlarm : Infinity, end - clock.nanos);
        this.idleNanos += idle;
        clock.tick(idle);
      } else if (core.runSlice) {
        core.runSlice(end); // see fast_core.mjs
      } else {
        clock.tick(core.executeInstruction() * NANOS_PER_CYCLE);
      }
    }
    return !this.stopped;
  }
}
