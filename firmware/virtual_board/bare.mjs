/**
 * Call functions of a flat image in the SRAM of a bare RP2040, and count cycles.
 *
 *   node bare.mjs IMAGE.bin CALLS.json
 *
 * The image lies at 0x20000000. CALLS is a list of {"call": address, "args": […],
 * "write": [address, base64], "read": [address, length]}: write, then call, then
 * read; each part may be absent. "@" as an address is what the last call returned.
 * Prints one JSON object: {"results": [{"returned", "cycles", "marks", "read"}]}.
 * A `bkpt #n` in the image is a mark: it costs nothing, and tells the cycles so far.
 */

import { readFileSync } from 'node:fs';
import { RP2040 } from 'rp2040js';

const SRAM = 0x20000000;
const STACK = 0x20041f00;
const STOP = 0x20041ff0; // nothing lies there
const MAX_CYCLES = 2e9;
const BKPT = 0xbe00;

console.warn = console.error = () => {};

function main([image, calls]) {
  const mcu = new RP2040();
  const { core, sram } = mcu;
  sram.set(readFileSync(image), 0);
  let last = 0;
  const at = (address) => (address === '@' ? last : address) - SRAM;
  const results = JSON.parse(readFileSync(calls, 'utf8')).map(({ call, args = [], write, read }) => {
    const result = {};
    if (write) sram.set(Buffer.from(write[1], 'base64'), at(write[0]));
    if (call !== undefined) Object.assign(result, run(core, sram, call, args));
    if (result.returned !== undefined) last = result.returned;
    if (read) result.read = Buffer.from(sram.slice(at(read[0]), at(read[0]) + read[1])).toString('base64');
    return result;
  });
  process.stdout.write(JSON.stringify({ results }) + '\n');
}

function run(core, sram, address, args) {
  args.forEach((value, index) => (core.registers[index] = value));
  core.SP = STACK;
  core.LR = STOP | 1;
  core.PC = address & ~1;
  const marks = [];
  let cycles = 0;
  while (core.PC !== STOP) {
    const offset = core.PC - SRAM;
    if (!(offset >= 0 && offset < sram.length)) throw new Error(`the image jumped to ${core.PC.toString(16)}`);
    const opcode = sram[offset] | (sram[offset + 1] << 8);
    if ((opcode & 0xff00) === BKPT) {
      marks.push([opcode & 0xff, cycles]);
      core.PC += 2;
      continue;
    }
    cycles += core.executeInstruction();
    if (cycles > MAX_CYCLES) throw new Error('the image did not return');
  }
  return { returned: core.registers[0] >>> 0, cycles, marks };
}

try {
  main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
