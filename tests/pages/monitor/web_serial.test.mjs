import assert from 'node:assert/strict';
import test from 'node:test';
import { advice, hindrance, webSerial } from '../../../pages/components/monitor/web_serial.mjs';

const page = (isSecureContext, serial) => ({ isSecureContext, navigator: { serial }, location: { origin: 'http://10.0.0.7:8501' } });

test('a page says why it can have no serial port', () => {
  assert.equal(hindrance(page(true, {})), '');
  assert.match(hindrance(page(true, undefined)), /no Web Serial/);
  assert.match(hindrance(page(false, undefined)), /https.*http:\/\/10\.0\.0\.7:8501/);
});

for (const [name, words] of [['NotFoundError', /No board was chosen/], ['NetworkError', /Close other programs/], ['InvalidStateError', /dialout/], ['SecurityError', /forbids/], ['Error', /^odd$/]]) {
  test(`${name} is told with what to do`, () => assert.match(advice(Object.assign(new Error('odd'), { name })), words));
} // prettier-ignore

class FakePort {
  constructor(product, connected = true) {
    Object.assign(this, { product, connected, said: [] });
  }

  getInfo() {
    return { usbVendorId: 0x2e8a, usbProductId: this.product };
  }

  async open() {
    this.readable = new ReadableStream({ start: (controller) => (this.board = controller) });
    this.writable = new WritableStream({ write: (bytes) => void this.said.push(...bytes) });
  }

  async close() {
    if (this.readable.locked) throw new Error('locked');
    this.isClosed = true;
  }
}

test('a port is opened, read, written and let go of', async () => {
  const port = new FakePort(10);
  const asked = [];
  const transport = webSerial({ requestPort: async (what) => (asked.push(what), port), getPorts: async () => [] });
  const line = await transport.choose();
  assert.deepEqual(asked, [{ filters: [{ usbVendorId: 0x2e8a }] }]);
  await line.open();
  port.board.enqueue(Uint8Array.of(1, 2));
  assert.deepEqual([...(await line.read())], [1, 2]);
  await line.write(Uint8Array.of(7));
  assert.deepEqual(port.said, [7]);
  const waiting = line.read();
  await line.close();
  assert.equal(await waiting, null);
  assert.equal(port.isClosed, true);
});

test('a board that was unplugged is an error of reading, and may be closed all the same', async () => {
  const port = new FakePort(10);
  const line = await webSerial({ requestPort: async () => port }).choose();
  await line.open();
  const waiting = line.read();
  port.board.error(new Error('lost'));
  await assert.rejects(waiting, /lost/);
  await line.close();
  assert.equal(port.isClosed, true);
});

test('only boards that are there come back, and only those alike', async () => {
  const [here, gone, other] = [new FakePort(10), new FakePort(10, false), new FakePort(3)];
  const transport = webSerial({ requestPort: async () => new FakePort(10), getPorts: async () => [gone, other, here] });
  const before = await transport.choose();
  const known = await transport.known();
  assert.deepEqual(known.map((line) => line.isLike(before)), [false, true]);
});
