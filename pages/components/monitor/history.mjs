/**
 * What a board said over an hour and more, in rings of fixed size: a place for
 * each hop, so that a gap stays a gap. After a restart the board counts from
 * the beginning; places go on by the clock.
 */

import { HOP_S } from './telemetry.mjs';

export const CAPACITY = 2 ** 17; // hops: 70 minutes
const KNOWN = 1;
const EVENT = 2;

export class History {
  /** @param {number} capacity places, a power of two */
  constructor(capacity = CAPACITY) {
    this.capacity = capacity;
    this.codes = new Int8Array(capacity);
    this.levels = new Int8Array(capacity);
    this.leds = new Uint8Array(capacity);
    this.flags = new Uint8Array(capacity);
    this.cycles = new Uint32Array(capacity);
    this.newest = -1;
    this.base = 0;
    this.hop = -1;
    this.last_s = 0;
  }

  /**
   * Take in a decision.
   * @param {import('./telemetry.mjs').Hop} said
   * @param {number} now_s of this machine's clock
   * @returns {number} its place
   */
  push(said, now_s) {
    const isAnew = said.hop <= this.hop || said.hop - this.hop > this.capacity;
    if (isAnew) this.base = this.newest + Math.max(1, Math.round((now_s - this.last_s) / HOP_S)) - said.hop;
    const place = this.base + said.hop;
    this.#forget(place);
    const at = place % this.capacity;
    this.codes[at] = said.code;
    this.levels[at] = said.level;
    this.leds[at] = said.led;
    this.cycles[at] = said.cycles.total;
    this.flags[at] = KNOWN | (said.event ? EVENT : 0);
    Object.assign(this, { newest: place, hop: said.hop, last_s: now_s });
    return place;
  }

  /** Empty the places between the newest and a later one. */
  #forget(place) {
    if (place - this.newest >= this.capacity) this.flags.fill(0);
    else for (let skipped = this.newest + 1; skipped < place; skipped++) this.flags[skipped % this.capacity] = 0;
  }

  /** @param {number} place @returns {boolean} */
  isKnown(place) {
    return place > this.newest - this.capacity && place <= this.newest && place >= 0 && this.flags[place % this.capacity] > 0;
  }

  /** @param {number} place @returns {number | null} the code there */
  code(place) {
    return this.isKnown(place) ? this.codes[place % this.capacity] : null;
  }

  /**
   * Return the least and greatest of each column of a picture.
   * @param {number} from first place, may lie before the oldest
   * @param {number} until one after the last
   * @param {number} count columns
   * @returns {{known: boolean, low: number, high: number, quiet: number, loud: number, led: number, event: boolean}[]}
   *   codes, levels in dB and duty
   */
  columns(from, until, count) {
    const found = [];
    for (let column = 0; column < count; column++) {
      const first = Math.floor(from + ((until - from) * column) / count);
      const end = Math.max(first + 1, Math.floor(from + ((until - from) * (column + 1)) / count));
      found.push(this.#column(first, end));
    }
    return found;
  }

  #column(first, end) {
    const column = { known: false, low: 127, high: -128, quiet: 127, loud: -128, led: 0, event: false };
    for (let place = Math.max(0, first, this.newest - this.capacity + 1); place < end && place <= this.newest; place++) {
      const at = place % this.capacity;
      const flags = this.flags[at];
      if (!flags) continue;
      column.known = true;
      column.event ||= (flags & EVENT) > 0;
      column.low = Math.min(column.low, this.codes[at]);
      column.high = Math.max(column.high, this.codes[at]);
      column.quiet = Math.min(column.quiet, this.levels[at]);
      column.loud = Math.max(column.loud, this.levels[at]);
      column.led = Math.max(column.led, this.leds[at]);
    }
    return column;
  }

  /** @returns {Generator<string>} the hour as rows of a CSV file */
  *rows() {
    yield 't_s,probability,event,led,level_db,cycles\n';
    for (let place = Math.max(0, this.newest - this.capacity + 1); place <= this.newest; place++) {
      const at = place % this.capacity;
      if (!this.flags[at]) continue;
      const share = ((this.codes[at] + 128) / 256).toFixed(4);
      const event = this.flags[at] & EVENT ? 1 : 0;
      yield `${(place * HOP_S).toFixed(3)},${share},${event},${this.leds[at]},${this.levels[at]},${this.cycles[at]}\n`;
    }
  }
}
