/**
 * Run firmware on the virtual board from the command line.
 *
 *   node run.mjs FIRMWARE.uf2 --pcm SOUND.s16 [--mic inject|pdm] [--limit-s 600]
 *     [--until TEXT] [--led-pin 25] [--data-pin 2] [--clock-pin 3]
 *
 * SOUND is 16-bit, 16 kHz, little-endian; silence follows it. Prints one JSON
 * object a line: {"line", "t_s", "led"} for each line of serial output,
 * {"done_s", "total_s"} about once a second, and at last {"end", "emulated_s",
 * "wall_s", "cycles", "sound_start_s", "sram"}. `end` is "done", or says why the
 * board stopped; `limit-s` bounds the time on this machine's clock.
 */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Board, SLICE_S } from './board.mjs';
import { Modulator } from './modulator.mjs';

const RATE_HZ = 16_000;
const START_S = 0.2; // until the firmware listens
const TAIL_S = 0.3; // until the last line is out
const PROGRESS_MS = 1000;

const OPTIONS = {
  pcm: { type: 'string', default: '' },
  mic: { type: 'string', default: 'inject' },
  'limit-s': { type: 'string', default: '600' },
  until: { type: 'string', default: '' },
  'led-pin': { type: 'string', default: '25' },
  'data-pin': { type: 'string', default: '2' },
  'clock-pin': { type: 'string', default: '3' },
};

function tell(object) {
  process.stdout.write(JSON.stringify(object) + '\n');
}

function readSamples(path) {
  const bytes = readFileSync(path);
  return new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + (bytes.length & ~1)));
}

/** Run until the sound is over, `until` was said, the board stopped or `limitMs` is up; say which. */
function run(board, totalS, limitMs, isDone) {
  const began = performance.now();
  let told = began;
  while (!board.stopped && !isDone() && board.seconds < totalS) {
    const now = performance.now();
    if (now - began > limitMs) return 'time limit';
    if (now - told > PROGRESS_MS) {
      tell({ done_s: board.seconds, total_s: Number.isFinite(totalS) ? totalS : null });
      told = now;
    }
    board.run(SLICE_S);
  }
  return board.stopped || 'done';
}

function main() {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: OPTIONS });
  const samples = values.pcm ? readSamples(values.pcm) : new Int16Array(0);
  let isSaid = false;
  const board = new Board({
    uf2: readFileSync(positionals[0] ?? ''),
    mic: values.mic,
    ledPin: Number(values['led-pin']),
    dataPin: Number(values['data-pin']),
    clockPin: Number(values['clock-pin']),
    onLine(line) {
      tell({ line, t_s: board.seconds, led: board.led });
      isSaid ||= values.until !== '' && line.includes(values.until);
    },
  });
  board.play(new Modulator().modulate(samples));
  const totalS = values.until ? Infinity : START_S + samples.length / RATE_HZ + TAIL_S;
  const began = performance.now();
  const end = run(board, totalS, Number(values['limit-s']) * 1000, () => isSaid);
  tell({
    end,
    emulated_s: board.seconds,
    wall_s: (performance.now() - began) / 1000,
    cycles: board.cycles,
    sound_start_s: board.soundStartNanos === undefined ? null : board.soundStartNanos / 1e9,
    sram: createHash('sha256').update(board.mcu.sram).digest('hex'),
  });
}

console.warn = console.error = () => {}; // rp2040js tells of every odd access; firmware could fill a disk
try {
  main();
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
