/** The events among a board's decisions: a bounded list, the newest first. */

import { HOP_S } from './telemetry.mjs';

export const KEPT = 200;

/**
 * @typedef {object} Event
 * @property {number} number counts from 1
 * @property {number} at when it began, in milliseconds of this machine's clock
 * @property {number} board_s when it began, since the board's start
 * @property {number} seconds how long it has lasted
 * @property {number} peak greatest code
 * @property {boolean} isOn
 */

export class Events {
  constructor() {
    /** @type {Event[]} */
    this.list = [];
    this.count = 0;
    this.hop = -1;
  }

  /**
   * Take in a decision.
   * @param {import('./telemetry.mjs').Hop} said
   * @param {number} now milliseconds of this machine's clock
   * @returns {boolean} whether the list has another look
   */
  push(said, now) {
    const isAnew = said.hop <= this.hop;
    this.hop = said.hop;
    const last = this.list[0];
    const ends = Boolean(last?.isOn) && (isAnew || !said.event);
    if (ends) last.isOn = false;
    if (!said.event) return ends;
    if (last?.isOn) this.#goOn(last, said);
    else this.#begin(said, now);
    return true;
  }

  #goOn(event, said) {
    event.seconds = said.hop * HOP_S - event.board_s;
    event.peak = Math.max(event.peak, said.code);
  }

  #begin(said, now) {
    this.count++;
    this.list.unshift({ number: this.count, at: now, board_s: said.hop * HOP_S, seconds: 0, peak: said.code, isOn: true });
    this.list.length = Math.min(this.list.length, KEPT);
  }

  /** The board is gone: what was on has ended. */
  end() {
    if (this.list[0]) this.list[0].isOn = false;
    this.hop = -1;
  }
}
