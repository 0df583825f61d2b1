/** Runs of the virtual board beside each other, and beside the host twin: equal means equal codes, hop by hop. */

import { read } from '../monitor/telemetry.mjs';

/**
 * @param {string[]} lines of a run
 * @returns {Map<number, number>} code by hop
 */
export function codesOf(lines) {
  const said = lines.map(read).filter((each) => each?.kind === 'hop');
  return new Map(said.map(({ hop, code }) => [hop, code]));
}

/**
 * @param {string[]} lines of a run
 * @param {{first: number, codes: Int8Array}} twin its codes, the first hop's number
 * @returns {{hops: number, differ: number, first: number | null}} hops that both decided, and where they part
 */
export function besideTwin(lines, twin) {
  const codes = codesOf(lines);
  const result = { hops: 0, differ: 0, first: null };
  twin.codes.forEach((code, index) => {
    const hop = twin.first + index;
    if (!codes.has(hop)) return;
    result.hops++;
    if (codes.get(hop) === code) return;
    result.differ++;
    result.first ??= hop;
  });
  return result;
}

/**
 * @param {string[]} before lines of the first run
 * @param {string[]} after of the second
 * @returns {{lines: number, differ: number}} whole lines are compared: codes, cycles, levels, everything
 */
export function besideRun(before, after) {
  const lines = Math.min(before.length, after.length);
  let differ = Math.abs(before.length - after.length);
  for (let index = 0; index < lines; index++) if (before[index] !== after[index]) differ++;
  return { lines, differ };
}
