import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { RP2040 } from 'rp2040js';
import { BOOTROM } from '../bootrom.mjs';

const RETURN_TO = 0x20001000;

/** Look a function up as the SDK does, call it and give r0 and the board. */
function call(code, args, prepare = () => {}) {
  const mcu = new RP2040();
  mcu.loadBootrom(BOOTROM);
  prepare(mcu);
  const table = mcu.readUint16(0x14);
  const address = jump(mcu, mcu.readUint16(0x18), [table, code.charCodeAt(0) | (code.charCodeAt(1) << 8)]);
  return { result: jump(mcu, address, args), mcu };
}

function jump(mcu, address, args) {
  const { core } = mcu;
  core.SP = 0x20040000;
  core.registers.set(args);
  core.LR = RETURN_TO | 1;
  core.PC = address & ~1;
  for (let steps = 0; core.PC !== RETURN_TO && steps < 10_000; steps++) core.executeInstruction();
  assert.equal(core.PC, RETURN_TO, 'came back');
  return core.registers[0];
}

test('the ROM says that it is one, as the SDK asks', () => {
  assert.equal(BOOTROM[4] & 0xffffff, 0x01754d);
});

test('an unknown function is not found', () => {
  const mcu = new RP2040();
  mcu.loadBootrom(BOOTROM);
  assert.equal(jump(mcu, mcu.readUint16(0x18), [mcu.readUint16(0x14), 0x2121]), 0);
});

const reversed = (value) => parseInt([...value.toString(2).padStart(32, '0')].reverse().join(''), 2);
for (const value of [0, 1, 2, 3, 0x80000000, 0xffffffff, 0x00f0ab10, 0x12345678]) {
  test(`bits of 0x${value.toString(16)}`, () => {
    assert.equal(call('P3', [value]).result, [...value.toString(2)].filter((bit) => bit === '1').length);
    assert.equal(call('L3', [value]).result, Math.clz32(value));
    assert.equal(call('T3', [value]).result, value === 0 ? 32 : 31 - Math.clz32(value & -value));
    assert.equal(call('R3', [value]).result, reversed(value));
  });
}

for (const code of ['MC', 'C4']) {
  for (const [to, from, count] of [[0x100, 0x200, 0], [0x100, 0x200, 64], [0x101, 0x203, 37], [0x100, 0x200, 21]]) {
    test(`${code} copies ${count} bytes from ${from} to ${to}`, () => {
      const bytes = Uint8Array.from({ length: count }, (_, index) => index + 1);
      const prepare = ({ sram }) => sram.set(bytes, from);
      const { result, mcu } = call(code, [0x20000000 + to, 0x20000000 + from, count], prepare);
      assert.equal(result, 0x20000000 + to);
      assert.deepEqual(mcu.sram.subarray(to, to + count), bytes);
      assert.equal(mcu.sram[to + count], 0);
    });
  }
}

test('MS fills and goes no further', () => {
  const { result, mcu } = call('MS', [0x20000100, 0xab, 5]);
  assert.equal(result, 0x20000100);
  assert.deepEqual([...mcu.sram.subarray(0xff, 0x106)], [0, 0xab, 0xab, 0xab, 0xab, 0xab, 0]);
});

test('flash functions that only prepare do nothing and come back', () => {
  for (const code of ['IF', 'EX', 'FC', 'CX']) assert.equal(call(code, [7]).result, 7);
});

test('the words are what the assembler makes of bootrom.S', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tinyml-lab-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const source = fileURLToPath(new URL('../bootrom.S', import.meta.url));
  try {
    execFileSync('arm-none-eabi-as', ['-mcpu=cortex-m0plus', source, '-o', 'bootrom.o'], { cwd: folder });
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    t.skip('arm-none-eabi-as is not on this machine');
    return;
  }
  execFileSync('arm-none-eabi-objcopy', ['-O', 'binary', 'bootrom.o', 'bootrom.bin'], { cwd: folder });
  const bytes = readFileSync(join(folder, 'bootrom.bin'));
  assert.deepEqual([...new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))], [...BOOTROM]);
});
