/** The last lines that were said, within bounds of number and size. */

export const MOST_LINES = 5_000;
export const MOST_LETTERS = 2_000_000;

export class Log {
  constructor(mostLines = MOST_LINES, mostLetters = MOST_LETTERS) {
    Object.assign(this, { mostLines, mostLetters });
    this.lines = new Array(mostLines).fill('');
    this.count = 0; // ever
    this.oldest = 0;
    this.letters = 0;
  }

  /** @param {string} line */
  push(line) {
    while (this.count > this.oldest && (this.letters + line.length > this.mostLetters || this.isFull)) this.#drop();
    this.lines[this.count % this.mostLines] = line;
    this.letters += line.length;
    this.count++;
  }

  get isFull() {
    return this.count - this.oldest >= this.mostLines;
  }

  #drop() {
    const at = this.oldest % this.mostLines;
    this.letters -= this.lines[at].length;
    this.lines[at] = '';
    this.oldest++;
  }

  /**
   * Return the last lines that contain some words, the oldest first.
   * @param {string} words compared without case
   * @param {number} most
   */
  find(words, most) {
    const wanted = words.toLowerCase();
    const found = [];
    for (let at = this.count - 1; at >= this.oldest && found.length < most; at--) {
      const line = this.lines[at % this.mostLines];
      if (!wanted || line.toLowerCase().includes(wanted)) found.push(line);
    }
    return found.reverse();
  }

  /** @returns {Log} what is held now, which stays as it is */
  copy() {
    const made = new Log(this.mostLines, this.mostLetters);
    for (const line of this.find('', this.mostLines)) made.push(line);
    return made;
  }

  /** @returns {string} all of it, for a file */
  text() {
    return this.find('', this.mostLines).map((line) => `${line}\n`).join('');
  }
}
