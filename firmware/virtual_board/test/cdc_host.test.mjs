import assert from 'node:assert/strict';
import test from 'node:test';
import { CdcHost, serialEndpoints } from '../cdc_host.mjs';

const CONFIGURATION = [
  9, 2, 53, 0, 2, 1, 0, 0x80, 50,
  9, 4, 0, 0, 1, 2, 2, 0, 0,
  5, 0x24, 0, 0x20, 1,
  7, 5, 0x81, 3, 8, 0, 16,
  9, 4, 1, 0, 2, 10, 0, 0, 0,
  7, 5, 0x02, 2, 64, 0, 0,
  7, 5, 0x82, 2, 64, 0, 0,
]; // prettier-ignore

/** A board's USB controller that answers as a serial device would, and remembers what it was asked. */
class Device {
  requests = [];
  delivered = [];

  sendSetupPacket(packet) {
    const request = packet[1];
    this.requests.push([packet[0], request, packet[2] | (packet[3] << 8)]);
    const length = packet[6] | (packet[7] << 8);
    if (request === 6) this.onEndpointWrite(0, Uint8Array.from(CONFIGURATION.slice(0, length)));
    else if (request === 0x20) this.onEndpointRead(0, length);
    else this.onEndpointWrite(0, new Uint8Array(0));
  }

  resetDevice() {
    this.onResetReceived();
  }

  endpointReadDone(endpoint, bytes) {
    this.delivered.push([endpoint, [...bytes]]);
  }
}

function connected(onData = () => {}) {
  const device = new Device();
  const host = new CdcHost(device, onData);
  device.onUSBEnabled();
  return { device, host };
}

test('the data interface, not the notification endpoint, carries the line', () => {
  assert.deepEqual(serialEndpoints(CONFIGURATION), { in: 2, out: 2 });
});

for (const bytes of [[], [0, 0], [9, 4], [1], CONFIGURATION.slice(0, 20)]) {
  test(`descriptors cut to ${bytes.length} bytes have no serial line and no end without one`, () => {
    assert.deepEqual(serialEndpoints(bytes), { in: -1, out: -1 });
  });
}

test('the board gets its address, is asked what it is, set up and told that somebody listens', () => {
  const { device } = connected();
  assert.deepEqual(device.requests.map(([, request]) => request), [5, 6, 6, 9, 0x22]);
});

test('what the board says arrives', () => {
  const said = [];
  const { device } = connected((bytes) => said.push(...bytes));
  device.onEndpointWrite(2, Uint8Array.of(104, 105));
  device.onEndpointWrite(1, Uint8Array.of(0)); // a notification
  assert.deepEqual(said, [104, 105]);
});

test('a read towards the board waits until there is something', () => {
  const { device, host } = connected();
  device.onEndpointRead(2, 64);
  assert.deepEqual(device.delivered, []);
  host.send(Uint8Array.of(1, 2, 3));
  assert.deepEqual(device.delivered, [[2, [1, 2, 3]]]);
});

test('bytes wait for the board to read, and come in pieces that fit', () => {
  const { device, host } = connected();
  host.send(new Uint8Array(70));
  device.onEndpointRead(2, 64);
  device.onEndpointRead(2, 64);
  assert.deepEqual(device.delivered.map(([, bytes]) => bytes.length), [64, 6]);
});

test('1200 baud reaches the board as the data of SET_LINE_CODING', () => {
  const { device, host } = connected();
  host.setBaud(1200);
  assert.deepEqual(device.delivered, [[0, [0xb0, 4, 0, 0, 0, 0, 8]]]);
});
