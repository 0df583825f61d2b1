/** Lines as a board says them, made up. */

/** @param {number} hop @param {object} [changed] */
export function hopLine(hop, changed = {}) {
  return JSON.stringify({
    hop, t_ms: 32 * hop, code: -128, event: 0, led: 0, level: -60, overruns: 0,
    cycles: { pdm: 92_059, features: 156_410, model: 655_971, total: 904_440 }, telling: 22_188, ...changed,
  }); // prettier-ignore
}
