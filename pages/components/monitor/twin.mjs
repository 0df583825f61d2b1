/**
 * A board's curve beside its twin's, which hears the same sound elsewhere: when
 * the two fit best in time, and how far apart they are then.
 */

import { probability } from './telemetry.mjs';

export const LOOK_BACK = 625; // hops: 20 s
export const MOST_LAG = 125; // hops: 4 s
const LEAST_OVERLAP = 156; // hops: 5 s
const LEAST_SPREAD = 8; // codes, standard deviation: a flat curve fits anywhere
const LEAST_FIT = 0.5;

/** The twin's last decisions, a place each. */
export class TwinTrack {
  constructor(capacity = 4096) {
    this.capacity = capacity;
    this.codes = new Int16Array(capacity);
    this.stream = null;
    this.forget();
  }

  forget() {
    this.codes.fill(-1000);
    this.newest = -1;
    this.lag = null; // place on the board − hop of the twin
    this.fit = 0;
  }

  /**
   * Take in what the twin decided; a repeated decision is taken once.
   * @param {number} stream another one begins anew
   * @param {[number, number, number][]} hops number, code, whether an event is on
   */
  push(stream, hops) {
    if (stream !== this.stream) {
      this.stream = stream;
      this.forget();
    }
    for (const [number, code] of hops) {
      if (number <= this.newest) continue;
      for (let lost = Math.max(this.newest + 1, number - this.capacity); lost < number; lost++) this.codes[lost % this.capacity] = -1000;
      this.codes[number % this.capacity] = code;
      this.newest = number;
    }
  }

  /** @param {number} hop @returns {number | null} */
  code(hop) {
    if (hop < 0 || hop > this.newest || hop <= this.newest - this.capacity) return null;
    const code = this.codes[hop % this.capacity];
    return code === -1000 ? null : code;
  }

  /** @param {number} place on the board @returns {number | null} the twin's code at that time */
  codeAt(place) {
    return this.lag === null ? null : this.code(place - this.lag);
  }

  /**
   * Find the lag again. A poor fit changes nothing.
   * @param {import('./history.mjs').History} board
   * @returns {boolean} whether the curves fit
   */
  align(board) {
    const guess = board.newest - this.newest;
    const ours = Array.from({ length: LOOK_BACK }, (_, age) => board.code(board.newest - age));
    const best = { lag: null, fit: 0 };
    for (let lag = guess - MOST_LAG; lag <= guess + MOST_LAG; lag++) {
      const fit = correlation(ours, (age) => this.code(board.newest - age - lag));
      if (fit !== null && fit > best.fit) Object.assign(best, { lag, fit });
    }
    if (best.fit < LEAST_FIT) return false;
    Object.assign(this, best);
    return true;
  }

  /**
   * Return how far the curves are apart over the last 20 s, or null without a lag.
   * @param {import('./history.mjs').History} board
   * @param {number} threshold the least code that counts
   * @returns {{hops: number, apart: number, agree: number} | null} mean difference of probability; share of hops on
   *   the same side of the threshold
   */
  difference(board, threshold) {
    if (this.lag === null) return null;
    let [hops, apart, agree] = [0, 0, 0];
    for (let place = board.newest - LOOK_BACK + 1; place <= board.newest; place++) {
      const [ours, theirs] = [board.code(place), this.codeAt(place)];
      if (ours === null || theirs === null) continue;
      hops++;
      apart += Math.abs(probability(ours) - probability(theirs));
      agree += ours >= threshold === theirs >= threshold ? 1 : 0;
    }
    return hops ? { hops, apart: apart / hops, agree: agree / hops } : null;
  }
}

/**
 * Return Pearson's correlation of two rows where both are known; null where too little is, or a row is flat.
 * @param {(number | null)[]} left
 * @param {(index: number) => number | null} right
 */
export function correlation(left, right) {
  let [count, sumL, sumR, sumLL, sumRR, sumLR] = [0, 0, 0, 0, 0, 0];
  for (let index = 0; index < left.length; index++) {
    const l = left[index];
    const r = l === null ? null : right(index);
    if (l === null || r === null) continue;
    count++;
    sumL += l;
    sumR += r;
    sumLL += l * l;
    sumRR += r * r;
    sumLR += l * r;
  }
  if (count < LEAST_OVERLAP) return null;
  const spreadL = sumLL / count - (sumL / count) ** 2;
  const spreadR = sumRR / count - (sumR / count) ** 2;
  if (Math.min(spreadL, spreadR) < LEAST_SPREAD ** 2) return null;
  return (sumLR / count - (sumL / count) * (sumR / count)) / Math.sqrt(spreadL * spreadR);
}
