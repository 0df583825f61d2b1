/**
 * Makes the emulated processor fast when it is bundled. rp2040js tries some
 * seventy conditions, one after another, to find what an instruction is: here
 * the same conditions fill a table of all 65,536 codes once, and the same bodies
 * become the cases of a switch. SRAM and flash are read without the detour over
 * the bus, and the clock is told of time only when something could ask for it:
 * at its next alarm, and before the processor touches anything but memory.
 *
 * Cycles and results stay the package's own: test/fast_core.test.mjs.
 */

const METHOD = '    executeInstruction() {\n';
const METHOD_END = '\n    }\n';
const BRANCH = /^ {8}(?:else )?if \((.+)\) \{$/;
const OTHERWISE = '        else {';
const BRANCH_END = '        }';
const FEWEST_BRANCHES = 70;

/**
 * Return rp2040js' cortex-m0-core.js with a `runSlice(end)` beside `executeInstruction()`.
 * @param {string} source the module's text
 * @returns {string}
 * @throws {Error} the text is not built as expected (another version of the package)
 */
export function withRunSlice(source) {
  const start = source.indexOf(METHOD);
  const end = source.indexOf(METHOD_END, start);
  if (start < 0 || end < 0) throw new Error('rp2040js has no executeInstruction as expected');
  const chain = splitChain(source.slice(start + METHOD.length, end).split('\n'));
  if (chain.branches.length < FEWEST_BRANCHES) {
    throw new Error(`rp2040js has only ${chain.branches.length} instructions`);
  }
  const conditions = chain.branches.map(({ condition }) => `    (opcode, opcode2) => ${condition},`).join('\n');
  const head = withMemory(source.slice(0, start));
  return TABLE.replace('/* conditions */', () => conditions) + head + runSlice(chain) + source.slice(start);
}

/** @param {string[]} lines of the method @returns the chain and its last else */
function splitChain(lines) {
  const parts = { branches: [], otherwise: [] };
  let into = [];
  for (const line of lines) {
    const condition = BRANCH.exec(line)?.[1];
    if (condition?.startsWith('opcode')) {
      into = [];
      parts.branches.push({ condition, body: into });
    } else if (line === OTHERWISE) into = parts.otherwise;
    else if (line === BRANCH_END) into = [];
    else into.push(line);
  }
  return parts;
}

function runSlice({ branches, otherwise }) {
  const bodies = [...branches.map(({ body }, index) => [`case ${index}`, body]), ['default', otherwise]];
  const cases = bodies.map(([label, body]) => `${label}: {\n${quick(body.join('\n'))}\nbreak; }`).join('\n');
  return RUN_SLICE.replace('/* cases */', () => cases);
}

/** What an instruction's body calls, by its faster name; see HELPERS. */
function quick(body) {
  const hasCarry = body.includes('(this.C ? 1 : 0)');
  const quicker = hasCarry ? body : body.replace(/this\.(add|substract)UpdateFlags\(/g, 'this.$1Flags(');
  return quicker
    .replaceAll('this.registers[', 'bank[')
    .replaceAll('this.PC', 'bank[15]')
    .replaceAll('this.rp2040.onBreak(', 'this.settle(); this.rp2040.onBreak(')
    .replaceAll('this.waiting = true;', 'this.waiting = true; this.budget = 0;')
    .replace(/this\.(read|write)Uint(8|16|32)\(/g, 'this.$1$2(');
}

function withMemory(text) {
  const views = '        this.rp2040 = rp2040;\n';
  const helpers = HELPERS + [8, 16, 32].map(accesses).join('');
  const at = text.lastIndexOf('    cyclesIO(');
  if (!text.includes(views) || at < 0) throw new Error('rp2040js has no core as expected');
  return (text.slice(0, at) + helpers + text.slice(at)).replace(views, views + FIELDS);
}

const FIELDS = `        this.ram8 = rp2040.sram;
        this.ram16 = new Uint16Array(rp2040.sram.buffer);
        this.ram32 = new Uint32Array(rp2040.sram.buffer);
        this.flash8 = rp2040.flash;
        this.flash16 = new Uint16Array(rp2040.flash.buffer);
        this.flash32 = new Uint32Array(rp2040.flash.buffer);
        this.spent = 0;
        this.budget = 0;
`;

/** Aligned and inside SRAM or, for a read, flash; else the package's way, with the clock right. */
function accesses(bits) {
  const fits = bits === 8 ? '' : ` && (offset & ${bits / 8 - 1}) === 0`;
  const place = `offset >>> ${Math.log2(bits / 8)}`;
  const cell = `this.ram${bits}[${place}]`;
  return `    read${bits}(address) {
        let offset = (address - 0x20000000) >>> 0;
        if (offset < RAM_BYTES${fits}) return ${cell};
        offset = (address - 0x10000000) >>> 0;
        if (offset < FLASH_BYTES${fits}) return this.flash${bits}[${place}];
        this.settle();
        return this.readUint${bits}(address);
    }
    write${bits}(address, value) {
        const offset = (address - 0x20000000) >>> 0;
        if (offset < RAM_BYTES${fits}) { ${cell} = value; return; }
        this.settle();
        this.writeUint${bits}(address, value);
    }
`;
}

const HELPERS = `    settle() {
        this.cycles += this.spent;
        this.rp2040.clock.nanosCounter += this.spent * 8;
        this.spent = 0;
        this.budget = 0;
    }
    addFlags(left, right) {
        const result = (left + right) | 0;
        this.N = result < 0;
        this.Z = result === 0;
        this.C = (result >>> 0) < (left >>> 0);
        this.V = ((left ^ result) & (right ^ result)) < 0;
        return result;
    }
    substractFlags(left, right) {
        const result = (left - right) | 0;
        this.N = result < 0;
        this.Z = result === 0;
        this.C = (left >>> 0) >= (right >>> 0);
        this.V = ((left ^ right) & (left ^ result)) < 0;
        return result;
    }
`;

const RUN_SLICE = `    runSlice(end) {
        const { clock } = this.rp2040;
        const bank = this.registers;
        const ram16 = this.ram16;
        const due = clock.nextAlarm ? Math.min(end, clock.nextAlarm.nanos) : end;
        this.budget = Math.min(Math.ceil((due - clock.nanosCounter) / 8), 1e6);
        this.spent = 0;
        do {
            if (this.interruptsUpdated && this.checkForInterrupts()) this.waiting = false;
            const opcodePC = bank[15] & ~1;
            const offset = (opcodePC - 0x20000000) >>> 0;
            const opcode = offset < RAM_BYTES ? ram16[offset >>> 1] : this.read16(opcodePC);
            let known = OPERATIONS[opcode];
            let opcode2 = 0;
            if (known === WIDE) {
                opcode2 = this.read16(opcodePC + 2);
                known = wideOperation(opcode, opcode2);
            }
            bank[15] += 2;
            let deltaCycles = 1;
            switch (known) {
/* cases */
            }
            this.spent += deltaCycles;
        } while (this.spent < this.budget);
        this.cycles += this.spent;
        clock.tick(this.spent * 8);
    }
`;

const TABLE = `const CONDITIONS = [
/* conditions */
];
const RAM_BYTES = 264 * 1024;
const FLASH_BYTES = 16 * 1024 * 1024;
const NONE = 254;
const WIDE = 255;
function operation(opcode, opcode2) {
    const index = CONDITIONS.findIndex((holds) => holds(opcode, opcode2));
    return index < 0 ? NONE : index;
}
const OPERATIONS = Uint8Array.from({ length: 0x10000 }, (_, opcode) =>
    opcode >> 12 === 0b1111 || opcode >> 11 === 0b11101 ? WIDE : operation(opcode, 0));
const CALL = operation(0xf000, 0xd000);
function wideOperation(opcode, opcode2) {
    return opcode >> 11 === 0b11110 && (opcode2 & 0xd000) === 0xd000 ? CALL : operation(opcode, opcode2);
}
`;
