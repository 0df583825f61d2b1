/** Bytes of a serial line, as they come, into lines of text: any bytes, any length, bounded memory. */

export const LINE_MAX_LEN = 4096;
const NEWLINE = 10;
const RETURN = 13;

export class LineDecoder {
  /** @param {number} most bytes of a line; what is longer is cut and ends in "…" */
  constructor(most = LINE_MAX_LEN) {
    this.most = most;
    this.decoder = new TextDecoder(); // wrong bytes become U+FFFD
    this.reset();
  }

  /** Forget a line that was begun. */
  reset() {
    this.held = new Uint8Array(this.most);
    this.length = 0;
    this.isCut = false;
  }

  /**
   * Take in bytes.
   * @param {Uint8Array} chunk
   * @returns {string[]} the lines that are whole now, without their ends; empty ones are left out
   */
  push(chunk) {
    const lines = [];
    let from = 0;
    while (from < chunk.length) {
      const found = chunk.indexOf(NEWLINE, from);
      const until = found < 0 ? chunk.length : found;
      this.#hold(chunk.subarray(from, until));
      if (found < 0) break;
      const line = this.#take();
      if (line) lines.push(line);
      from = found + 1;
    }
    return lines;
  }

  #hold(part) {
    const room = this.most - this.length;
    this.isCut ||= part.length > room;
    this.held.set(part.subarray(0, room), this.length);
    this.length += Math.min(part.length, room);
  }

  #take() {
    const isReturned = this.length > 0 && this.held[this.length - 1] === RETURN;
    const line = this.decoder.decode(this.held.subarray(0, this.length - (isReturned ? 1 : 0)));
    const isCut = this.isCut;
    this.length = 0;
    this.isCut = false;
    return isCut ? `${line}…` : line;
  }
}
