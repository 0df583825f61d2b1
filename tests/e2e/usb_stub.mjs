/** navigator.usb with the model of the boot ROM behind it. `window.bench` is the test's hand on it. */

import { BootDevice } from '../../firmware/virtual_board/boot_device.mjs';

const SPEED = 20;
const clock = {
  now: () => performance.now() * SPEED,
  after(ms, then) {
    const timer = setTimeout(then, ms / SPEED);
    return () => clearTimeout(timer);
  },
};
const bench = { at: -1, asked: 0, device: new BootDevice(clock, (number) => (number === bench.at ? 'unplug' : null)) };
const endpoints = [{ direction: 'out', endpointNumber: 3 }, { direction: 'in', endpointNumber: 4 }];
const usb = {
  configuration: { interfaces: [{ interfaceNumber: 1, alternate: { interfaceClass: 255, endpoints } }] },
  opened: false,
  async open() {
    this.opened = true;
  },
  async close() {
    this.opened = false;
  },
  async claimInterface() {},
  async clearHalt() {},
  transferOut: (_, bytes) => answered(async () => ({ status: 'ok', bytesWritten: await bench.device.bulkOut(bytes) })),
  transferIn: (_, length) => answered(async () => view(await bench.device.bulkIn(length))),
  controlTransferOut: ({ request }) => answered(async () => (await bench.device.controlOut(request), { status: 'ok' })),
  controlTransferIn: ({ request }, length) => answered(async () => view(await bench.device.controlIn(request, length))),
};
const view = (bytes) => ({ status: 'ok', data: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) });

async function answered(transfer) {
  try {
    return await transfer();
  } catch (error) {
    if (error.name === 'Stall') return { status: 'stall' };
    usb.opened = false;
    throw new DOMException('The device was disconnected.', 'NetworkError');
  }
}

bench.next = (at) => {
  bench.device.plug();
  Object.assign(bench, { at });
  bench.device.transfers = 0;
};
bench.touched = [];
Object.defineProperty(navigator, 'serial', {
  configurable: true,
  value: {
    async requestPort() {
      return {
        open: async ({ baudRate }) => void bench.touched.push(baudRate),
        async close() {
          bench.touched.push('closed');
          bench.next(-1); // the board restarts in boot mode
        },
      };
    },
  },
});
window.bench = bench;
Object.defineProperty(navigator, 'usb', {
  configurable: true,
  value: {
    async requestDevice() {
      if (!navigator.userActivation.isActive) throw new DOMException('Must be handling a user gesture.', 'SecurityError');
      bench.asked++;
      return usb;
    },
  },
});
