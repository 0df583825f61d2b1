import assert from 'node:assert/strict';
import test from 'node:test';
import { FlashError, Picoboot, flash } from '../../../pages/components/flash/picoboot.mjs';
import { imageOf } from '../../../pages/components/flash/uf2.mjs';
import { RASPBERRY_PI, UDEV_RULE, advice, hindrance, openBoard, toBootMode } from '../../../pages/components/flash/web_usb.mjs';
import { BootDevice, VirtualClock } from '../boot_device.mjs';
import { flashable } from './uf2_files.mjs';

const never = () => new Promise(() => {});
const failed = (name, holds) => Object.assign(new Error('It broke.'), { name, holds });

function device(changes = {}) {
  const endpoints = [{ direction: 'out', endpointNumber: 3 }, { direction: 'in', endpointNumber: 4 }];
  const configuration = { interfaces: [{ interfaceNumber: 1, alternate: { interfaceClass: 255, endpoints } }] };
  return { configuration, open: async () => {}, claimInterface: async () => {}, selectConfiguration: async () => {}, ...changes };
}

test('a board that is opened tells its endpoints', async () => {
  const { number, output, input } = await openBoard(device());
  assert.deepEqual([number, output, input], [1, 3, 4]);
});

for (const step of ['open', 'claimInterface']) {
  test(`a browser that waits for ever at ${step} is given up on`, async () => {
    await assert.rejects(openBoard(device({ [step]: never }), 20), { name: 'Timeout' });
  });
}

test('what is no RP2040 in boot mode is refused before anything is taken', async () => {
  const other = device({ configuration: { interfaces: [{ interfaceNumber: 0, alternate: { interfaceClass: 8 } }] } });
  await assert.rejects(openBoard(other), { name: 'Refused', message: /no PICOBOOT interface/ });
});

test('a running board is sent to boot mode by a touch at 1200 baud', async () => {
  const said = [];
  const port = { open: async (options) => said.push(options), close: async () => said.push('closed') };
  const serial = { requestPort: async (asked) => (said.push(asked.filters[0].usbVendorId), port) };
  await toBootMode(serial);
  assert.deepEqual(said, [RASPBERRY_PI, { baudRate: 1200 }, 'closed']);
});

test('a board that this very page watches is not touched, and the page says so', async () => {
  const port = { readable: {}, open: async () => assert.fail('touched') };
  await assert.rejects(toBootMode({ requestPort: async () => port }), { message: /This page watches that board\. Press “To boot mode”/ });
});

test('a board that is gone before its port closes is in boot mode all the same; one that never opens is told', async () => {
  const port = { open: async () => {}, close: async () => Promise.reject(failed('NetworkError')) };
  await toBootMode({ requestPort: async () => port });
  await assert.rejects(toBootMode({ requestPort: async () => ({ open: never }) }, 20), { name: 'Timeout' });
});

for (const [what, error, platform, says] of [
  ['nothing was chosen', failed('NotFoundError'), '', /hold BOOTSEL while you plug it in.*cable/],
  ['Linux lets nobody open it', failed('SecurityError'), 'Linux x86_64', /60-pico\.rules.*snap connect chromium:raw-usb/],
  ['Windows has no driver', failed('NetworkError'), 'Win32', /WinUSB driver with Zadig/],
  ['another program holds it', failed('InvalidStateError'), 'MacIntel', /Another program or page holds the board/],
  ['a file is refused', failed('Refused'), '', /^It broke\.$/],
  ['it stopped before an erase', failed('Gone', 'old'), '', /Nothing was written/],
  ['it stopped half way', failed('NetworkError', 'nothing'), 'Linux', /it is in boot mode, nothing is broken/],
  ['it stopped at the last page', failed('Timeout', 'perhaps'), '', /it runs, or comes up in boot mode/],
  ['it did not start', failed('NoReboot', 'all'), '', /unplug it and plug it in, and it runs/],
]) {
  test(`a person is told what to do when ${what}`, () => assert.match(advice(error, platform), says));
}

test('the rule for Linux names the maker and lets the person at the machine in', () => {
  assert.match(UDEV_RULE, /2e8a.*uaccess/);
});

test('a page that has no USB says why', () => {
  const location = { origin: 'http://lab.example' };
  assert.match(hindrance({ isSecureContext: false, navigator: {}, location }), /https.*http:\/\/lab\.example/);
  assert.match(hindrance({ isSecureContext: true, navigator: {}, location }), /Chrome, Edge or Opera/);
  assert.equal(hindrance({ isSecureContext: true, navigator: { usb: {} }, location }), '');
});

test('unplugged at each transfer, what is said of the board is what it does', async () => {
  const { file } = flashable(2 * 4096);
  const image = imageOf(file);
  const told = new Map();
  for (let at = 0; ; at++) {
    const clock = new VirtualClock();
    const board = new BootDevice(clock, (number) => (number === at ? 'unplug' : null));
    board.flash.set(flashable(4096, 9).flashed);
    const error = await flash(new Picoboot(board, clock), image).then(() => null, (each) => each);
    if (error === null) break;
    assert.ok(at < 100 && error instanceof FlashError);
    told.set(error.holds, (told.get(error.holds) ?? 0) + 1);
    if (error.holds === 'nothing') assert.equal(board.comesUpIn, 'boot mode', `transfer ${at}`);
    if (error.holds === 'old' || error.holds === 'all') assert.equal(board.comesUpIn, 'running', `transfer ${at}`);
  }
  assert.deepEqual([...told.keys()], ['old', 'perhaps old', 'nothing', 'perhaps', 'all']);
});
