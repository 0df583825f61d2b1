/**
 * A virtual board for pages: a Worker that runs firmware. It keeps what the
 * board said, so that two runs can be compared line by line.
 */

import SOURCE from 'worker:./worker.mjs';

export class VirtualBoard {
  /**
   * @param {Uint8Array} uf2
   * @param {object} pins ledPin, dataPin, clockPin
   * @param {{onTold: (told: object) => void, onEnded: (why: string) => void}} handlers
   */
  constructor(uf2, pins, { onTold, onEnded }) {
    this.said = [];
    this.url = URL.createObjectURL(new Blob([SOURCE], { type: 'text/javascript' }));
    this.worker = new Worker(this.url);
    this.worker.onmessage = ({ data }) => {
      this.said.push(...data.lines);
      onTold(data);
      if (data.kind === 'ended') this.#end(() => onEnded(data.why));
    };
    this.worker.onerror = (event) => this.#end(() => onEnded(event.message || 'the browser ended it'));
    this.#post({ kind: 'power', uf2, pins });
  }

  #post(message, moved = []) {
    this.worker?.postMessage(message, moved);
  }

  #end(then) {
    this.stop();
    then();
  }

  /** @param {Int16Array} samples 16 kHz @param {boolean} isLast the run ends with this sound */
  hear(samples, isLast = false) {
    const copy = samples.slice();
    this.#post({ kind: 'sound', samples: copy, isLast }, [copy.buffer]);
  }

  /** @param {boolean} isReal time goes no faster than the clock on the wall */
  pace(isReal) {
    this.#post({ kind: 'pace', isReal });
  }

  pause(isOn) {
    this.#post({ kind: 'pause', isOn });
  }

  /** @param {string} text for the board's serial line */
  send(text) {
    this.#post({ kind: 'send', text });
  }

  /** Take the power away. */
  stop() {
    this.worker?.terminate();
    this.worker = null;
    URL.revokeObjectURL(this.url);
  }
}
