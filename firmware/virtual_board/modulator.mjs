/**
 * A PDM microphone in whole numbers: a second-order sigma-delta modulator, the
 * same as core_modulate in firmware/hal/host/core.c. Samples are joined by
 * straight lines; full scale is half of what the bits can say.
 */

const OVERSAMPLING = 64;
const ONE = 65536 * OVERSAMPLING;

/** Keeps its state, so that sound can come in pieces. */
export class Modulator {
  constructor() {
    this.first = 0;
    this.second = 0;
    this.feedback = -ONE;
    this.before = 0;
  }

  /**
   * Return the words of some samples: two a sample, most significant bit first.
   * @param {Int16Array} samples 16 kHz
   * @returns {Uint32Array}
   */
  modulate(samples) {
    const words = new Uint32Array(samples.length * 2);
    let { first, second, feedback, before } = this;
    for (let n = 0; n < samples.length; n++) {
      const step = samples[n] - before;
      let value = before * OVERSAMPLING;
      before = samples[n];
      for (let half = 0; half < 2; half++) {
        let word = 0;
        for (let bit = 0; bit < 32; bit++) {
          value += step;
          first = (first + value - feedback) | 0;
          second = (second + first - feedback) | 0;
          feedback = second >= 0 ? ONE : -ONE;
          word = (word << 1) | (second >= 0 ? 1 : 0);
        }
        words[2 * n + half] = word;
      }
    }
    Object.assign(this, { first, second, feedback, before });
    return words;
  }
}
