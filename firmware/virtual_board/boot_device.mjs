/**
 * A model of the RP2040's boot mode on USB: PICOBOOT, refused where the boot ROM refuses it, and a W25Q16 flash with its typical times.
 *
 * A transfer that the device does not expect is never answered, as on USB. `fault` may change any transfer.
 */

import { COMMAND, COMMAND_BYTES, FLASH_BASE, MAGIC, PAGE_BYTES, REQUEST, SECTOR_BYTES } from '../../pages/components/flash/picoboot.mjs';
import { FLASH_BYTES, starts } from '../../pages/components/flash/uf2.mjs';

const ERASE_MS = 45; // a sector of a W25Q16JV, typical
const PROGRAM_MS = 0.4; // a page, typical
const TRANSFER_MS = 1; // a frame of full speed USB
const BYTES_PER_MS = 1_000;
const [BAD_COMMAND, BAD_LENGTH, BAD_TRANSFER, BAD_ADDRESS, BAD_ALIGNMENT, INTERLEAVED, , UNKNOWN] = [1, 2, 3, 4, 5, 6, 7, 8];
const ARGS_BYTES = { 1: 1, 2: 12, 3: 8, 0x84: 8, 5: 8, 6: 0 };

const named = (name) => Object.assign(new Error(name), { name });
const never = () => new Promise(() => {});

/** Time that passes when nothing else is left to do. @implements {import('../../pages/components/flash/picoboot.mjs').Clock} */
export class VirtualClock {
  #time = 0;
  #waiting = new Set();
  #isRunning = false;

  now() {
    return this.#time;
  }

  after(ms, then) {
    const entry = { at: this.#time + ms, then };
    this.#waiting.add(entry);
    if (!this.#isRunning) {
      this.#isRunning = true;
      setImmediate(() => this.#next());
    }
    return () => this.#waiting.delete(entry);
  }

  #next() {
    let first = null;
    for (const entry of this.#waiting) if (!first || entry.at < first.at) first = entry;
    this.#isRunning = first !== null;
    if (!first) return;
    this.#waiting.delete(first);
    this.#time = first.at;
    first.then();
    setImmediate(() => this.#next());
  }
}

/** @implements {import('../../pages/components/flash/picoboot.mjs').Transport} */
export class BootDevice {
  /**
   * @param {import('../../pages/components/flash/picoboot.mjs').Clock} clock
   * @param {(number: number, kind: string) => string | null} [fault] for each transfer: stall, short, unplug, ack, timeout, or null
   */
  constructor(clock, fault = () => null) {
    Object.assign(this, { clock, fault, transfers: 0, isThere: true, isRunning: false });
    this.flash = new Uint8Array(FLASH_BYTES).fill(0xff);
    this.#reset();
    this.isExclusive = false;
    this.isXip = true;
  }

  #reset() {
    Object.assign(this, { phase: 'command', isStalled: false, pending: null, status: { token: 0, code: 0, id: 0 } });
  }

  /** @returns {'boot mode' | 'running'} what the board does when it gets power again */
  get comesUpIn() {
    return starts(this.flash) ? 'running' : 'boot mode';
  }

  unplug() {
    this.isThere = false;
  }

  /** Give it power again, the button pressed or not. */
  plug() {
    this.isThere = true;
    this.isRunning = false;
    this.isExclusive = false;
    this.isXip = true;
    this.#reset();
  }

  bulkOut(bytes) {
    return this.#take('out', bytes.length, () => this.#out(bytes));
  }

  bulkIn(length) {
    return this.#take('in', Math.min(length, this.pending?.length ?? 0), () => this.#in(length));
  }

  controlOut(request) {
    return this.#take('control', 0, () => {
      if (request !== REQUEST.reset) throw named('Stall');
      this.#reset();
    });
  }

  controlIn(request, length) {
    return this.#take('control', length, () => {
      if (request !== REQUEST.status || length < 16) throw named('Stall');
      const view = new DataView(new ArrayBuffer(16));
      view.setUint32(0, this.status.token, true);
      view.setUint32(4, this.status.code, true);
      view.setUint8(8, this.status.id);
      return new Uint8Array(view.buffer);
    });
  }

  async close() {}

  async #take(kind, length, work) {
    const fault = this.fault(this.transfers++, kind);
    if (fault === 'unplug') this.unplug();
    if (!this.isThere || this.isRunning) throw named('Gone');
    if (fault === 'timeout') return never();
    if (fault === 'stall') this.isStalled = true;
    await this.#wait(TRANSFER_MS + length / BYTES_PER_MS);
    if (this.isStalled && kind !== 'control') throw named('Stall');
    const got = await work();
    if (!this.isThere) throw named('Gone');
    if (fault === 'short') return typeof got === 'number' ? Math.max(0, got - 1) : (got?.subarray(0, Math.max(0, got.length - 1)) ?? got);
    return fault === 'ack' && got?.length === 0 ? new Uint8Array(1) : got;
  }

  #wait(ms) {
    return new Promise((resolve) => this.clock.after(ms, resolve));
  }

  #out(bytes) {
    if (this.phase === 'command') this.#command(bytes);
    else if (this.phase === 'data out') return this.#data(bytes);
    else if (this.phase === 'ack out' && bytes.length === 0) this.phase = 'command';
    else if (this.phase === 'ack out') this.#refuse(BAD_TRANSFER);
    else return never();
    return bytes.length;
  }

  async #in(length) {
    if (this.phase === 'data in') {
      const sent = this.pending.subarray(0, length);
      this.pending = this.pending.subarray(length);
      if (this.pending.length === 0) this.phase = 'ack out';
      return sent.slice();
    }
    if (this.phase !== 'ack in') return never();
    const { work } = this;
    await work?.();
    this.phase = 'command';
    return new Uint8Array(0);
  }

  async #data(bytes) {
    if (bytes.length !== this.pending.length) this.#refuse(BAD_TRANSFER);
    for (let start = 0; start < bytes.length; start += PAGE_BYTES) {
      await this.#wait(PROGRAM_MS);
      if (!this.isThere) throw named('Gone');
      for (let at = start; at < start + PAGE_BYTES; at++) this.flash[this.offset + at] &= bytes[at]; // programming only clears bits
    }
    Object.assign(this, { phase: 'ack in', pending: null, work: null });
    return bytes.length;
  }

  #refuse(code) {
    this.status.code = code;
    this.isStalled = true;
    throw named('Stall');
  }

  #command(bytes) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length !== COMMAND_BYTES || view.getUint32(0, true) !== MAGIC) this.#refuse(UNKNOWN);
    const [id, size, length] = [view.getUint8(8), view.getUint8(9), view.getUint32(12, true)];
    this.status = { token: view.getUint32(4, true), code: 0, id };
    if (!(id in ARGS_BYTES)) this.#refuse(BAD_COMMAND);
    if (size !== ARGS_BYTES[id]) this.#refuse(BAD_LENGTH);
    const isData = id === COMMAND.read || id === COMMAND.write;
    const [address, span] = [view.getUint32(16, true), view.getUint32(20, true)];
    if (length !== (isData ? span : 0)) this.#refuse(BAD_TRANSFER);
    if (isData || id === COMMAND.erase) this.#range(id, address - FLASH_BASE, span);
    Object.assign(this, { phase: 'ack in', work: null, offset: address - FLASH_BASE });
    if (id === COMMAND.exclusive) this.isExclusive = view.getUint8(16) > 0;
    else if (id === COMMAND.exitXip) this.isXip = false;
    else if (id === COMMAND.reboot) this.work = () => void this.clock.after(view.getUint32(24, true), () => (this.isRunning = this.comesUpIn === 'running'));
    else if (id === COMMAND.erase) this.work = () => this.#erase(address - FLASH_BASE, span);
    else if (id === COMMAND.write) Object.assign(this, { phase: 'data out', pending: new Uint8Array(span) });
    else Object.assign(this, { phase: 'data in', pending: this.flash.slice(this.offset, this.offset + span) });
  }

  #range(id, offset, span) {
    const step = { [COMMAND.erase]: SECTOR_BYTES, [COMMAND.write]: PAGE_BYTES, [COMMAND.read]: 1 }[id];
    if (offset < 0 || span === 0 || offset + span > FLASH_BYTES) this.#refuse(BAD_ADDRESS);
    if (offset % step || span % step) this.#refuse(BAD_ALIGNMENT);
    if (id !== COMMAND.read && !this.isExclusive) this.#refuse(INTERLEAVED);
    if (id !== COMMAND.read && this.isXip) this.#refuse(UNKNOWN);
  }

  async #erase(offset, span) {
    for (let start = offset; start < offset + span; start += SECTOR_BYTES) {
      await this.#wait(ERASE_MS);
      if (!this.isThere) throw named('Gone');
      this.flash.fill(0xff, start, start + SECTOR_BYTES);
    }
  }
}
