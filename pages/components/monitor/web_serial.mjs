/**
 * Web Serial as link.mjs wants it, and what to do where it does not work.
 */

export const RASPBERRY_PI = 0x2e8a;
const BAUD = 115_200;
const BUFFER_BYTES = 65_536;

class Port {
  constructor(port) {
    this.port = port;
    this.reader = null;
  }

  async open() {
    await this.port.open({ baudRate: BAUD, bufferSize: BUFFER_BYTES });
    await this.port.setSignals?.({ dataTerminalReady: true, requestToSend: true }).catch(() => {}); // the board speaks to who listens
  }

  async read() {
    if (!this.port.readable) return null;
    this.reader ??= this.port.readable.getReader();
    const { value, done } = await this.reader.read();
    return done ? null : value;
  }

  async write(bytes) {
    const writer = this.port.writable.getWriter();
    try {
      await writer.write(bytes);
    } finally {
      writer.releaseLock();
    }
  }

  async close() {
    const { reader } = this;
    this.reader = null;
    await reader?.cancel().catch(() => {});
    reader?.releaseLock();
    await this.port.close().catch(() => {});
  }

  isLike(other) {
    const [ours, theirs] = [this.port.getInfo(), other.port.getInfo()];
    return this.port === other.port || (ours.usbVendorId === theirs.usbVendorId && ours.usbProductId === theirs.usbProductId);
  }
}

/** @param {Serial} serial navigator.serial @returns {import('./link.mjs').Transport} */
export function webSerial(serial) {
  return {
    choose: async () => new Port(await serial.requestPort({ filters: [{ usbVendorId: RASPBERRY_PI }] })),
    known: async () => (await serial.getPorts()).filter((port) => port.connected !== false).map((port) => new Port(port)),
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  };
}

/**
 * Return why this page can have no serial port, or "".
 * @param {{isSecureContext: boolean, navigator: object, location: {origin: string}}} page the window
 */
export function hindrance({ isSecureContext, navigator, location }) {
  if (navigator.serial) return '';
  if (!isSecureContext) {
    return (
      `Browsers give a serial port only to pages from https or from this very machine. This one came from ${location.origin}. ` +
      'Open it by https, or on the machine itself by http://localhost.'
    );
  }
  return 'This browser has no Web Serial. Open the page in Chrome, Edge or Opera on a computer, or try the board in this page.';
}

/** @param {Error} error of opening or staying with a port @returns {string} what to do */
export function advice(error) {
  if (error.name === 'NotFoundError') {
    return 'No board was chosen. If none was listed: is the cable one for data, and does the board run a detector? A board in boot mode has no serial port.';
  }
  if (error.name === 'NetworkError' || error.name === 'InvalidStateError') {
    return (
      'The port is in use, or may not be opened. Close other programs and tabs that use it (serial monitors, Thonny, another page of ' +
      'the lab). On Linux your account must be in the group dialout; a Chromium from snap needs: snap connect chromium:raw-usb.'
    );
  }
  if (error.name === 'SecurityError') return 'This page may not use serial ports: the browser or an administrator forbids it.';
  return error.message || 'The board could not be reached.';
}
