/** Commands to a board, each with a number, and the answers that come back. */

export const PATIENCE_MS = 2_000;
const MOST_OPEN = 32;

export class Asking {
  /**
   * @param {(text: string) => Promise<void> | void} send to the board
   * @param {(ms: number) => Promise<void>} wait
   */
  constructor(send, wait) {
    Object.assign(this, { send, wait, number: 0, open: new Map() });
  }

  /**
   * Ask; resolves to the board's answer.
   * @param {string} words such as "led event"
   * @returns {Promise<import('./telemetry.mjs').Answer>}
   * @throws {Error} no answer in time, or the line is closed
   */
  async ask(words) {
    if (this.open.size >= MOST_OPEN) throw new Error('The board has not answered earlier commands.');
    const number = (this.number % 999_999) + 1;
    this.number = number;
    const answered = new Promise((resolve, reject) => this.open.set(number, { resolve, reject }));
    const late = this.wait(PATIENCE_MS).then(() => this.#fail(number, 'The board did not answer.'));
    try {
      await this.send(`${number} ${words}\n`);
    } catch (error) {
      this.#fail(number, `The command could not be sent: ${error.message}`);
    }
    late.catch(() => {});
    return answered;
  }

  #fail(number, reason) {
    this.open.get(number)?.reject(new Error(reason));
    this.open.delete(number);
  }

  /** @param {import('./telemetry.mjs').Answer} answer @returns {boolean} whether it was waited for */
  take(answer) {
    const asked = this.open.get(answer.ack);
    this.open.delete(answer.ack);
    asked?.resolve(answer);
    return asked !== undefined;
  }

  /** The line is gone: nobody will answer. */
  end() {
    for (const number of [...this.open.keys()]) this.#fail(number, 'The board went away.');
  }
}
