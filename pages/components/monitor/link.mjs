/**
 * A serial line that comes back after the board was reset. Pure: what a browser
 * gives is behind the transport.
 *
 * @typedef {object} Line one port
 * @property {() => Promise<void>} open
 * @property {() => Promise<Uint8Array | null>} read what came; null at the end
 * @property {(bytes: Uint8Array) => Promise<void>} write
 * @property {() => Promise<void>} close must not fail
 * @property {(other: Line) => boolean} isLike whether the other may be the same board
 *
 * @typedef {object} Transport
 * @property {() => Promise<Line>} choose asks the person
 * @property {() => Promise<Line[]>} known lines that the person chose earlier and that are there
 * @property {(ms: number) => Promise<void>} wait
 *
 * @typedef {'idle' | 'opening' | 'open' | 'lost' | 'failed'} State
 */

const RETRY_MS = 400;
const MOST_RETRIES = 1_500; // ten minutes
const HELD = 'NetworkError';

export class Link {
  /**
   * @param {Transport} transport
   * @param {{onState: (state: State, error?: Error) => void, onBytes: (bytes: Uint8Array) => void}} told
   */
  constructor(transport, told) {
    Object.assign(this, { transport, told, line: null, turn: 0 });
    /** @type {State} */
    this.state = 'idle';
  }

  #say(state, error) {
    this.state = state;
    this.told.onState(state, error);
  }

  /** Ask for a board and stay with it, through resets, until `disconnect`. Resolves when all is over. */
  async connect() {
    if (this.state !== 'idle' && this.state !== 'failed') return;
    const turn = ++this.turn;
    this.#say('opening');
    try {
      const chosen = await this.transport.choose();
      if (turn === this.turn) await this.#open(chosen, turn);
    } catch (error) {
      if (turn === this.turn) this.#say('failed', error);
      return;
    }
    await this.#stay(turn);
  }

  async #open(line, turn) {
    await line.open();
    if (turn !== this.turn) {
      await line.close();
      return;
    }
    this.line = line;
    this.#say('open');
  }

  async #stay(turn) {
    while (turn === this.turn && this.line) {
      const line = this.line;
      await this.#readAll(line, turn);
      this.line = null;
      await line.close();
      if (turn !== this.turn) return;
      this.#say('lost');
      await this.#comeBack(line, turn);
    }
  }

  async #readAll(line, turn) {
    try {
      for (let bytes = await line.read(); bytes !== null && turn === this.turn; bytes = await line.read()) {
        this.told.onBytes(bytes);
      }
    } catch {
      // unplugged, or the line broke: both mean that it is lost
    }
  }

  /** After a reset the system may take the port first, so a held port is tried again too. */
  async #comeBack(before, turn) {
    let problem = null;
    for (let tries = 0; tries < MOST_RETRIES && turn === this.turn; tries++) {
      await this.transport.wait(RETRY_MS);
      const line = (await this.transport.known()).find((each) => each.isLike(before));
      if (!line || turn !== this.turn) continue;
      try {
        await this.#open(line, turn);
        return;
      } catch (error) {
        problem = error;
        if (error.name !== HELD) break;
      }
    }
    if (turn === this.turn) this.#say('failed', problem ?? new Error('The board did not come back.'));
  }

  /** @param {string} text @throws {Error} no line is open */
  async send(text) {
    if (!this.line) throw new Error('no board is connected.');
    await this.line.write(new TextEncoder().encode(text));
  }

  /** Let go of the board. */
  async disconnect() {
    this.turn++;
    const { line } = this;
    this.line = null;
    this.#say('idle');
    await line?.close();
  }
}
