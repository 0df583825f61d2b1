/**
 * PICOBOOT, the protocol of the RP2040's boot ROM over USB, and flashing with it.
 *
 * Uses a transport and a clock alone, so it runs in a page, in Node and on a model of the boot ROM.
 * Source: boot/picoboot.h of the Pico SDK.
 *
 * @typedef {object} Transport  a transfer that the board stalls rejects with an error named "Stall", one to a board that is gone with "Gone"
 * @property {(bytes: Uint8Array) => Promise<number>} bulkOut bytes taken
 * @property {(length: number) => Promise<Uint8Array>} bulkIn
 * @property {(request: number) => Promise<void>} controlOut
 * @property {(request: number, length: number) => Promise<Uint8Array>} controlIn
 * @property {() => Promise<void>} close
 *
 * @typedef {{now: () => number, after: (ms: number, then: () => void) => () => void}} Clock  `after` returns what takes it back
 */

export const MAGIC = 0x431fd10b;
export const REQUEST = { reset: 0x41, status: 0x42 };
export const COMMAND = { exclusive: 1, reboot: 2, erase: 3, read: 0x84, write: 5, exitXip: 6 };
export const STATUS = [
  'ok', 'unknown command', 'invalid command length', 'invalid transfer length', 'invalid address', 'bad alignment',
  'interleaved write', 'rebooting', 'unknown error',
]; // prettier-ignore
export const SECTOR_BYTES = 4096;
export const PAGE_BYTES = 256;
export const FLASH_BASE = 0x10000000;
export const COMMAND_BYTES = 32;
const TRANSFER_MS = 3_000; // a sector's erase takes 400 ms at worst, its 16 pages 48 ms
const REBOOT_MS = 500;
const EXCLUSIVE = 1;

/** @type {Clock} */
export const realClock = {
  now: () => performance.now(),
  after(ms, then) {
    const timer = setTimeout(then, ms);
    return () => clearTimeout(timer);
  },
};

/** What is in the flash of a board: what was there before, perhaps that, nothing that starts, perhaps all of the new, all of the new. */
export const HOLDS = { old: 'old', perhapsOld: 'perhaps old', nothing: 'nothing', perhaps: 'perhaps', all: 'all' };

/**
 * What went wrong; `name` is one of Stalled, Gone, Timeout, Short, WrongAck, Differs, Cancelled, NoReboot, Refused.
 * After `flash`, `holds` is one of HOLDS.
 */
export class FlashError extends Error {
  constructor(name, message) {
    super(message);
    this.name = name;
  }
}

/** @param {number} token @param {number} id @param {number[]} args words @param {number} length of the data @param {number} [size] of the arguments, in bytes */
export function commandBytes(token, id, args, length, size = 4 * args.length) {
  const view = new DataView(new ArrayBuffer(COMMAND_BYTES));
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, token, true);
  view.setUint8(8, id);
  view.setUint8(9, size);
  view.setUint32(12, length, true);
  args.forEach((word, index) => view.setUint32(16 + 4 * index, word, true));
  return new Uint8Array(view.buffer);
}

/** One board in boot mode. */
export class Picoboot {
  /** @param {Transport} transport @param {Clock} [clock] */
  constructor(transport, clock = realClock) {
    Object.assign(this, { transport, clock, token: 0 });
  }

  /** Take the board: end what another program began, keep its drive quiet, let go of the flash. */
  async begin() {
    await this.#within(this.transport.controlOut(REQUEST.reset), 'reset');
    await this.#ask(COMMAND.exclusive, [EXCLUSIVE], null, 1);
    await this.#ask(COMMAND.exitXip, []);
  }

  /** @param {number} offset in flash @param {number} bytes whole sectors */
  erase(offset, bytes) {
    return this.#ask(COMMAND.erase, [FLASH_BASE + offset, bytes]);
  }

  /** @param {number} offset in flash @param {Uint8Array} data whole pages */
  write(offset, data) {
    return this.#ask(COMMAND.write, [FLASH_BASE + offset, data.length], data);
  }

  /** @param {number} offset in flash @param {number} length @returns {Promise<Uint8Array>} */
  async read(offset, length) {
    await this.#command(COMMAND.read, [FLASH_BASE + offset, length], length);
    const data = await this.#transfer(this.transport.bulkIn(length), 'read');
    if (data.length !== length) throw new FlashError('Short', `The board sent ${data.length} of ${length} bytes.`);
    await this.#sent(new Uint8Array(0), 'end of reading');
    return data;
  }

  /** Start what is in flash. */
  reboot() {
    return this.#ask(COMMAND.reboot, [0, 0, REBOOT_MS]);
  }

  async #ask(id, args, data = null, size = undefined) {
    await this.#command(id, args, data?.length ?? 0, size);
    if (data) await this.#sent(data, 'data');
    const ack = await this.#transfer(this.transport.bulkIn(64), 'acknowledgement');
    if (ack.length !== 0) throw new FlashError('WrongAck', `The board acknowledged with ${ack.length} bytes instead of none.`);
  }

  async #command(id, args, length, size) {
    this.token = (this.token + 1) >>> 0;
    await this.#sent(commandBytes(this.token, id, args, length, size), 'command');
  }

  async #sent(bytes, what) {
    const taken = await this.#transfer(this.transport.bulkOut(bytes), what);
    if (taken !== bytes.length) throw new FlashError('Short', `The board took ${taken} of ${bytes.length} bytes.`);
  }

  async #transfer(transfer, what) {
    try {
      return await this.#within(transfer, what);
    } catch (error) {
      if (error.name !== 'Stall') throw error;
      throw new FlashError('Stalled', `The board refused the ${what}: ${await this.#why()}.`);
    }
  }

  async #why() {
    try {
      const status = await this.#within(this.transport.controlIn(REQUEST.status, 16), 'status');
      const view = new DataView(status.buffer, status.byteOffset, status.byteLength);
      return STATUS[view.getUint32(4, true)] ?? `status ${view.getUint32(4, true)}`;
    } catch (error) {
      if (error.name === 'Gone') throw error;
      return 'it does not say why';
    }
  }

  #within(promise, what) {
    return new Promise((resolve, reject) => {
      const late = () => reject(new FlashError('Timeout', `The board did not answer within ${TRANSFER_MS / 1000} s (${what}).`));
      const stop = this.clock.after(TRANSFER_MS, late);
      promise.then(
        (value) => (stop(), resolve(value)),
        (error) => (stop(), reject(error.name === 'Gone' ? new FlashError('Gone', 'The board is gone.') : error)),
      );
    });
  }
}

/**
 * Erase, write, read back, compare, reboot.
 *
 * The first page holds the second-stage boot loader, which the boot ROM checks before it starts anything. Its sector is erased first and the
 * page written last, when all the rest was read back: whatever happens between, the board comes up in boot mode, never in half a program.
 * @param {Picoboot} board
 * @param {{sectors: number[], bytes: Uint8Array}} image of uf2.mjs
 * @param {(progress: {state: string, done: number, total: number, seconds: number}) => void} [onProgress] done and total are bytes
 * @param {AbortSignal} [signal] cancels between two commands
 * @throws {FlashError} which tells what the board holds now
 */
export async function flash(board, image, onProgress = () => {}, signal = undefined) {
  const state = { holds: HOLDS.old };
  try {
    return await written(board, image, onProgress, signal, state);
  } catch (error) {
    throw Object.assign(error, state);
  }
}

async function written(board, { sectors, bytes }, onProgress, signal, state) {
  const began = board.clock.now();
  const total = sectors.length * SECTOR_BYTES;
  const tell = (step, done) => {
    if (signal?.aborted) throw new FlashError('Cancelled', 'Stopped.');
    onProgress({ state: step, done, total, seconds: (board.clock.now() - began) / 1000 });
  };
  const part = (offset, length) => bytes.subarray(offset, offset + length);
  const rest = (offset) => (offset === 0 ? PAGE_BYTES : 0);
  const each = async (step, work) => {
    for (const [index, offset] of sectors.entries()) {
      tell(step, index * SECTOR_BYTES);
      await work(offset);
    }
    tell(step, total);
  };

  tell('connecting', 0);
  await board.begin();
  tell('erasing', 0);
  state.holds = HOLDS.perhapsOld;
  await each('erasing', async (offset) => {
    await board.erase(offset, SECTOR_BYTES);
    state.holds = HOLDS.nothing; // the first sector is the boot loader's
  });
  await each('writing', (offset) => board.write(offset + rest(offset), part(offset + rest(offset), SECTOR_BYTES - rest(offset))));
  await each('verifying', async (offset) => {
    const from = offset + rest(offset);
    compare(await board.read(from, SECTOR_BYTES - rest(offset)), part(from, SECTOR_BYTES - rest(offset)), from);
  });
  state.holds = HOLDS.perhaps;
  await board.write(0, part(0, PAGE_BYTES));
  compare(await board.read(0, PAGE_BYTES), part(0, PAGE_BYTES), 0);
  state.holds = HOLDS.all;
  onProgress({ state: 'rebooting', done: total, total, seconds: (board.clock.now() - began) / 1000 });
  try {
    await board.reboot();
  } catch (error) {
    throw new FlashError('NoReboot', `All of it is written and was read back, but the board did not restart (${error.message})`);
  }
  return { bytes: total, seconds: (board.clock.now() - began) / 1000 };
}

function compare(found, wanted, offset) {
  const at = wanted.findIndex((value, index) => value !== found[index]);
  if (at >= 0) throw new FlashError('Differs', `What was read back differs at 0x${(FLASH_BASE + offset + at).toString(16)}.`);
}
