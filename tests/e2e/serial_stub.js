/**
 * navigator.serial with one board behind it, which says the lines in
 * `window.boardLines` again and again, a decision each 32 ms. `window.board` is
 * the test's hand on it.
 */
(() => {
  const HOP_MS = 32;
  const encoder = new TextEncoder();
  class Port extends EventTarget {
    connected = true;
    readable = null;
    writable = null;

    getInfo() {
      return { usbVendorId: 0x2e8a, usbProductId: 10 };
    }

    async setSignals() {}

    async open() {
      if (board.isHeld) throw new DOMException('Failed to open serial port.', 'NetworkError');
      board.opened++;
      board.begin();
      this.readable = new ReadableStream({ start: (controller) => (board.out = controller) }, { highWaterMark: 1e6 });
      this.writable = new WritableStream({ write: (bytes) => board.hear(new TextDecoder().decode(bytes)) });
    }

    async close() {
      this.readable = null;
      board.out = null;
    }
  }

  const board = {
    isHeld: false, isThere: true, opened: 0, out: null, heard: [], first: 0, told: 0,

    begin() {
      const hops = window.boardLines.filter((line) => line.startsWith('{"hop"'));
      Object.assign(this, { hops, greeting: window.boardLines.filter((line) => !hops.includes(line)), first: performance.now(), told: 0 });
    },

    say(text) {
      this.out?.enqueue(encoder.encode(text));
    },

    tell() {
      if (!this.out) return;
      if (this.told === 0) this.say(this.greeting.join('\n') + '\n');
      while (this.out && this.told * HOP_MS < performance.now() - this.first) {
        const said = JSON.parse(this.hops[this.told % this.hops.length]);
        said.hop = 31 + this.told++;
        this.say(JSON.stringify(said) + '\n');
      }
    },

    hear(text) {
      this.heard.push(text);
      const number = parseInt(text, 10) || 0;
      const known = JSON.parse(this.greeting.find((line) => line.startsWith('{"ack"')));
      const answer = text.includes('led') ? { ...known, led: 'event', kept: 0 } : known;
      setTimeout(() => this.say(JSON.stringify({ ...answer, ack: number }) + '\n'), 3);
    },

    unplug() {
      this.isThere = port.connected = false;
      this.out?.error(new DOMException('The device has been lost.', 'NetworkError'));
      this.out = null;
    },

    plug() {
      this.isThere = port.connected = true;
    },
  };

  const port = new Port();
  setInterval(() => board.tell(), 16);
  window.board = board;
  Object.defineProperty(navigator, 'serial', {
    configurable: true,
    value: { requestPort: async () => port, getPorts: async () => (board.isThere ? [port] : []) },
  });
})();
