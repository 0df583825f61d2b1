import assert from 'node:assert/strict';
import test from 'node:test';
import { COMMAND, FLASH_BASE, Picoboot, commandBytes, flash } from '../../../pages/components/flash/picoboot.mjs';
import { bootCrc, imageOf, starts } from '../../../pages/components/flash/uf2.mjs';
import { BootDevice, VirtualClock } from '../boot_device.mjs';
import { block, flashable } from './uf2_files.mjs';

const FAULTS = ['stall', 'short', 'unplug', 'ack', 'timeout'];

function bench(fault) {
  const clock = new VirtualClock();
  const device = new BootDevice(clock, fault);
  return { clock, device, board: new Picoboot(device, clock) };
}

test('the checksum of a boot loader is CRC-32/MPEG-2', () => {
  assert.equal(bootCrc(new TextEncoder().encode('123456789')), 0x0376e6e7);
});

test('firmware is erased, written, read back and started within seconds of real flash', async () => {
  const { flashed, file } = flashable();
  const { device, board } = bench();
  const states = new Set();
  const { seconds } = await flash(board, imageOf(file), ({ state }) => states.add(state));
  assert.deepEqual([...states], ['connecting', 'erasing', 'writing', 'verifying', 'rebooting']);
  assert.deepEqual(device.flash.subarray(0, flashed.length), flashed);
  assert.ok(seconds > 20 * 0.045 && seconds < 5, `${seconds} s`);
  await new Promise((resolve) => device.clock.after(1_000, resolve));
  assert.equal(device.isRunning, true);
});

test('a file twice in one place, without a boot loader, or for another chip is refused', () => {
  assert.throws(() => imageOf(Uint8Array.from([...block({ number: 0, count: 2 }), ...block({ number: 1, count: 2 })])), /another did/);
  assert.throws(() => imageOf(block({}, new Uint8Array(256))), /no boot loader/);
  assert.throws(() => imageOf(block({ family: 0xe48bff59 })), { name: 'Refused', message: /not for the RP2040/ });
});

for (const [what, file, message] of [
  ['nothing in it', new Uint8Array(0), /not a whole/],
  ['its end cut off', flashable(8192).file.subarray(0, 4_000), /not a whole/],
  ['a block missing', flashable(8192).file.subarray(512), /not whole/],
  ['two blocks in the wrong order', misordered(flashable(8192).file), /not whole/],
  ['text in it', new TextEncoder().encode('hello '.repeat(512)), /no magic number/],
  ['an address in RAM', block({ address: 0x20000000 }), /outside the flash/],
  ['more than fits the flash', new Uint8Array(2 ** 22 + 512), /more than a \.uf2 that fits/],
]) {
  test(`a file with ${what} is refused, and said so`, () => {
    assert.throws(() => imageOf(file), (error) => error.name === 'Refused' && /the board is untouched/.test(error.message) && message.test(error.message));
  });
}

function misordered(file) {
  return Uint8Array.from([...file.subarray(512, 1024), ...file.subarray(0, 512), ...file.subarray(1024)]);
}

for (const [what, id, args, length, size, message] of [
  ['an unknown command', 0x70, [], 0, 0, 1],
  ['arguments of a wrong size', COMMAND.erase, [FLASH_BASE], 0, 4, 2],
  ['data of a wrong length', COMMAND.write, [FLASH_BASE, 256], 512, 8, 3],
  ['an address in RAM', COMMAND.erase, [0x20000000, 4096], 0, 8, 4],
  ['an erase that is no sector', COMMAND.erase, [FLASH_BASE + 256, 4096], 0, 8, 5],
  ['a write that is no page', COMMAND.write, [FLASH_BASE, 100], 100, 8, 5],
  ['a write beside the drive', COMMAND.write, [FLASH_BASE, 256], 256, 8, 6],
]) {
  test(`the boot ROM refuses ${what}`, async () => {
    const { device } = bench();
    await assert.rejects(device.bulkOut(commandBytes(7, id, args, length, size)), { name: 'Stall' });
    const status = new DataView((await device.controlIn(0x42, 16)).buffer);
    assert.deepEqual([status.getUint32(0, true), status.getUint32(4, true)], [7, message]);
    await assert.rejects(device.bulkIn(64), { name: 'Stall' });
    await device.controlOut(0x41);
    await device.bulkOut(commandBytes(8, COMMAND.exitXip, [], 0));
  });
}

test('flash is not written before it is let go of', async () => {
  const { device } = bench();
  device.isExclusive = true;
  await assert.rejects(device.bulkOut(commandBytes(1, COMMAND.erase, [FLASH_BASE, 4096], 0)), { name: 'Stall' });
  assert.equal(device.status.code, 8);
});

test('a bit that does not take is seen when reading back', async () => {
  const { file } = flashable(8192);
  const { device, board } = bench();
  const wear = ({ state, done }) => state === 'verifying' && done === 0 && (device.flash[5000] ^= 4);
  await assert.rejects(flash(board, imageOf(file), wear), { name: 'Differs' });
  assert.equal(device.comesUpIn, 'boot mode');
});

test('a person stops it, and the board stays in boot mode', async () => {
  const stop = new AbortController();
  const { device, board } = bench();
  await assert.rejects(flash(board, imageOf(flashable(8192).file), ({ state }) => state === 'writing' && stop.abort(), stop.signal), { name: 'Cancelled' });
  assert.equal(device.comesUpIn, 'boot mode');
});

test('a thousand faults: never wrongly done, never hanging, never half a program', async () => {
  const { flashed, file } = flashable(3 * 4096, 5);
  const image = imageOf(file);
  const old = flashable(2 * 4096, 99).flashed;
  let state = 20_260_000;
  const draw = (below) => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) % below;
  const seen = new Map();
  for (let run = 0; run < 1_000; run++) {
    const [at, kind] = [(draw(2 ** 20) >>> 6) % 45, FAULTS[run % FAULTS.length]];
    const { clock, device, board } = bench((number) => (number === at ? kind : null));
    device.flash.set(old);
    let outcome = 'done';
    await flash(board, image).catch((error) => (outcome = error.name));
    seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
    const holds = (bytes) => bytes.every((byte, index) => device.flash[index] === byte);
    if (outcome === 'done' || outcome === 'NoReboot') assert.ok(holds(flashed), `${kind} at ${at}`);
    assert.notEqual(outcome, 'Error');
    assert.notEqual(outcome, 'TypeError');
    assert.ok(clock.now() < 15_000, `${kind} at ${at} took ${clock.now()} ms`);
    if (starts(device.flash)) assert.ok(holds(flashed) || holds(old), `${kind} at ${at} left half a program`);
  }
  assert.ok(seen.get('Gone') > 100 && seen.get('Timeout') > 100 && seen.get('Stalled') > 100, JSON.stringify([...seen]));
});

test('after a fault the same board is flashed by trying again', async () => {
  const { file } = flashable(8192);
  const { device, board } = bench((number) => (number === 17 ? 'stall' : null));
  await assert.rejects(flash(board, imageOf(file)), { name: 'Stalled' });
  await flash(board, imageOf(file));
  assert.equal(device.comesUpIn, 'running');
});
