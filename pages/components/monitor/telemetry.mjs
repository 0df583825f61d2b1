/**
 * What a line of a board says (docs/board_serial.md). A line is data from
 * outside: only what has the expected types is believed, and all else is text.
 *
 * @typedef {{kind: 'hop', hop: number, code: number, event: boolean, led: number, level: number, overruns: number,
 *   cycles: {pdm: number, features: number, model: number, total: number}, telling: number}} Hop
 * @typedef {{kind: string, window_hops: number, on_hops: number, off_hops: number, hold_off_hops: number}} Rule
 * @typedef {{kind: 'hello', name: string, board: string, version: string, model: string, threshold: number,
 *   kinds: string[], longest: number}} Hello
 * @typedef {{kind: 'answer', ack: number, ok: boolean, problem: string, threshold?: number, rule?: Rule,
 *   led?: string, kept?: boolean}} Answer
 */

export const HOP_S = 0.032;
export const HOP_CYCLES = 4_000_000;
export const CYCLES_PER_MS = 125_000;
const TEXT_MAX_LEN = 200;
const COUNT_MAX = 2 ** 32 - 1;

const isCount = (value, most = COUNT_MAX) => Number.isInteger(value) && value >= 0 && value <= most;
const isCode = (value) => Number.isInteger(value) && value >= -128 && value <= 127;
const words = (value) => (typeof value === 'string' ? value.slice(0, TEXT_MAX_LEN) : '');

/**
 * Return what a line says, or null if it is nothing that a board of this lab says.
 * @param {string} line
 * @returns {Hop | Hello | Answer | null}
 */
export function read(line) {
  const said = parsed(line);
  if (said === null) return null;
  if ('hop' in said) return readHop(said);
  if ('ack' in said) return readAnswer(said);
  return said.lab === 'detector' ? readHello(said) : null;
}

function parsed(line) {
  if (!line.startsWith('{')) return null;
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

function readHop({ hop, code, event, led, level, overruns, cycles, telling }) {
  const { pdm, features, model, total } = cycles ?? {};
  const isWhole =
    isCount(hop) && isCode(code) && isCount(event, 1) && isCount(led, 255) && isCode(level) && isCount(overruns);
  if (!isWhole || ![pdm, features, model, total].every((count) => isCount(count))) return null;
  return {
    kind: 'hop', hop, code, event: event === 1, led, level, overruns, cycles: { pdm, features, model, total },
    telling: isCount(telling) ? telling : 0,
  }; // prettier-ignore
}

function readRule(rule) {
  const { kind, window_hops, on_hops, off_hops, hold_off_hops } = rule ?? {};
  if (![window_hops, on_hops, off_hops, hold_off_hops].every((count) => isCount(count))) return undefined;
  return { kind: words(kind), window_hops, on_hops, off_hops, hold_off_hops };
}

function readAnswer({ ack, ok, problem, threshold, rule, led, kept }) {
  if (!isCount(ack) || !isCount(ok, 1)) return null;
  const answer = { kind: 'answer', ack, ok: ok === 1, problem: words(problem) };
  const settings = readRule(rule);
  if (!ok || !settings || !isCode(threshold)) return answer;
  return { ...answer, threshold, rule: settings, led: words(led), kept: kept === 1 };
}

function readHello({ name, board, version, model_sha256, threshold, kinds, longest_window_hops }) {
  return {
    kind: 'hello', name: words(name), board: words(board), version: words(version), model: words(model_sha256),
    threshold: isCode(threshold) ? threshold : 0,
    kinds: Array.isArray(kinds) ? kinds.slice(0, 8).map(words).filter(Boolean) : [],
    longest: isCount(longest_window_hops, 65_535) ? longest_window_hops : 0,
  }; // prettier-ignore
}

/** @param {number} code @returns {number} a probability, 0 to 255/256 */
export const probability = (code) => (code + 128) / 256;

/** @param {number} share 0 to 1 @returns {number} the least code that reaches it, as lab/deploy/events.py has it */
export const thresholdCode = (share) => Math.max(-128, Math.min(127, Math.ceil(share * 256) - 128));
