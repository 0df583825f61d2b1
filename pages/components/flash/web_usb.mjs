/** WebUSB as picoboot.mjs wants it, the way of a running board to boot mode, and what to do where it does not work. */

export const RASPBERRY_PI = 0x2e8a;
export const BOOT_MODE = 0x0003;
export const UDEV_RULE = 'SUBSYSTEM=="usb", ATTRS{idVendor}=="2e8a", MODE="0660", TAG+="uaccess"';
const VENDOR_CLASS = 0xff;
const TOUCH_BAUD = 1200;
const OPEN_MS = 5_000;

const named = (name, message = name) => Object.assign(new Error(message), { name });

/** @implements {import('./picoboot.mjs').Transport} */
class UsbTransport {
  constructor(device, number, output, input) {
    Object.assign(this, { device, number, output, input });
  }

  async bulkOut(bytes) {
    const { status, bytesWritten } = await this.#there(this.device.transferOut(this.output, bytes));
    if (status === 'stall') throw named('Stall');
    return bytesWritten;
  }

  async bulkIn(length) {
    return this.#data(await this.#there(this.device.transferIn(this.input, length)));
  }

  async controlOut(request) {
    await this.#there(this.device.clearHalt('out', this.output));
    await this.#there(this.device.clearHalt('in', this.input));
    const { status } = await this.#there(this.device.controlTransferOut(this.#setup(request)));
    if (status === 'stall') throw named('Stall');
  }

  async controlIn(request, length) {
    return this.#data(await this.#there(this.device.controlTransferIn(this.#setup(request), length)));
  }

  async close() {
    await this.device.close().catch(() => {});
  }

  #setup(request) {
    return { requestType: 'vendor', recipient: 'interface', request, value: 0, index: this.number };
  }

  #data({ status, data }) {
    if (status === 'stall') throw named('Stall');
    return data ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(0);
  }

  async #there(transfer) {
    try {
      return await transfer;
    } catch (error) {
      throw ['NetworkError', 'NotFoundError', 'InvalidStateError'].includes(error.name) && !this.device.opened ? named('Gone') : error;
    }
  }
}

/** Ask a person for a board in boot mode; must run in a click's handler. @param {USB} usb */
export function chooseBoard(usb) {
  return usb.requestDevice({ filters: [{ vendorId: RASPBERRY_PI, productId: BOOT_MODE }] });
}

/** A browser may wait for a device for ever. */
function within(promise, what, ms) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(named('Timeout', `The board could not be ${what} within ${ms / 1000} s.`)), ms);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** @param {USBDevice} device @param {number} [ms] a step's patience @returns {Promise<UsbTransport>} */
export async function openBoard(device, ms = OPEN_MS) {
  await within(device.open(), 'opened', ms);
  if (!device.configuration) await within(device.selectConfiguration(1), 'set up', ms);
  const found = device.configuration.interfaces.find(({ alternate }) => alternate.interfaceClass === VENDOR_CLASS);
  if (!found) throw named('Refused', 'This device has no PICOBOOT interface: it is not an RP2040 in boot mode.');
  await within(device.claimInterface(found.interfaceNumber), 'taken', ms);
  const end = (direction) => found.alternate.endpoints.find((each) => each.direction === direction).endpointNumber;
  return new UsbTransport(device, found.interfaceNumber, end('out'), end('in'));
}

/** Send a running board to boot mode: its firmware restarts there when its port opens at 1200 baud. Must run in a click's handler. @param {Serial} serial @param {number} [ms] a step's patience */
export async function toBootMode(serial, ms = OPEN_MS) {
  const port = await serial.requestPort({ filters: [{ usbVendorId: RASPBERRY_PI }] });
  if (port.readable) throw named('Watched', 'This page watches that board. Press “To boot mode” under its settings, or disconnect it, then try again.');
  await within(port.open({ baudRate: TOUCH_BAUD }), 'asked', ms);
  await within(port.close(), 'let go', ms).catch(() => {}); // the board may be gone already
}

/** @param {{isSecureContext: boolean, navigator: object, location: {origin: string}}} page the window @returns {string} why it can have no USB, or "" */
export function hindrance({ isSecureContext, navigator, location }) {
  if (navigator.usb) return '';
  if (!isSecureContext) {
    return (
      `Browsers give USB only to pages from https or from this very machine. This one came from ${location.origin}. ` +
      'Open it by https, or on the machine itself by http://localhost; or drag the .uf2 onto the board’s drive.'
    );
  }
  return 'This browser has no WebUSB. Open the page in Chrome, Edge or Opera on a computer, or drag the .uf2 onto the board’s drive.';
}

const AGAIN = 'Hold BOOTSEL while you plug the board in, then try again';
const NOW = {
  old: `Nothing was written: plugged in again it runs what it ran before. ${AGAIN}.`,
  'perhaps old': `Its first sector was being erased: plugged in again it comes up in boot mode, or runs what it ran before. ${AGAIN}.`,
  nothing: `${AGAIN}; it is in boot mode, nothing is broken.`,
  perhaps: `Its last page was being written: plugged in again it runs, or comes up in boot mode. ${AGAIN}, to be sure.`,
  all: 'All of it is written and was read back: unplug it and plug it in, and it runs.',
}; // prettier-ignore

/** @param {Error} error @param {string} [platform] of the browser @returns {string} what to do */
export function advice(error, platform = '') {
  const { name, message } = error;
  if (name === 'NotFoundError') {
    return 'No board was chosen. If none was listed it is not in boot mode: hold BOOTSEL while you plug it in, or press “My board is running”. Is the cable one for data?';
  }
  if (!error.holds && (name === 'SecurityError' || name === 'NetworkError' || name === 'InvalidStateError')) {
    if (/win/i.test(platform)) return 'Windows has no driver for it, or another program holds it. Close picotool and other pages; if it stays, give “RP2 Boot” the WinUSB driver with Zadig.';
    if (/linux|cros/i.test(platform)) {
      return (
        'The device may not be opened, or another program or page holds it. Close those; then write this rule to ' +
        `/etc/udev/rules.d/60-pico.rules and plug the board in again: ${UDEV_RULE} – A Chromium from snap needs: snap connect chromium:raw-usb.`
      );
    }
    return 'Another program or page holds the board. Close it (serial monitor, Thonny, picotool), plug the board in again and retry.';
  }
  if (name === 'Refused' && !error.holds) return message;
  return `${message} ${NOW[error.holds ?? 'old']}`;
}
