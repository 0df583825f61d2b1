/**
 * Run firmware on the virtual board from the command line.
 *
 *   node run.mjs FIRMWARE.uf2 --pcm SOUND.s16 [--mic inject|pdm] [--limit-s 60] [--led-pin 25]
 *
 * Prints one JSON object a line: {"line": …, "t_s": …, "led": …} for each line
 * of serial output, then {"end": …}. SOUND is 16-bit, 16 kHz, little-endian.
 */

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Board } from './board.mjs';
import { Modulator } from './modulator.mjs';

const START_S = 0.2; // until the firmware listens
const TAIL_S = 0.3; // until the last line is out
const SLICE_S = 0.1;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    pcm: { type: 'string' },
    mic: { type: 'string', default: 'inject' },
    'limit-s': { type: 'string', default: '600' },
    'led-pin': { type: 'string', default: '25' },
    'data-pin': { type: 'string', default: '2' },
    'clock-pin': { type: 'string', default: '3' },
    'until': { type: 'string', default: '' },
  },
});

function tell(object) {
  process.stdout.write(JSON.stringify(object) + '\n');
}

function readSamples(path) {
  const bytes = readFileSync(path);
  return new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + (bytes.length & ~1)));
}

const samples = values.pcm ? readSamples(values.pcm) : new Int16Array(0);
let isDone = false;
const board = new Board({
  uf2: readFileSync(positionals[0]),
  mic: values.mic,
  ledPin: Number(values['led-pin']),
  dataPin: Number(values['data-pin']),
  clockPin: Number(values['clock-pin']),
  onLine: (line) => {
    tell({ line, t_s: board.seconds, led: board.led });
    isDone ||= values.until !== '' && line.includes(values.until);
  },
});
board.play(new Modulator().modulate(samples));
const began = performance.now();
const end = values.until ? Infinity : START_S + samples.length / 16000 + TAIL_S;
const limitMs = Number(values['limit-s']) * 1000;
while (!isDone && board.seconds < end && performance.now() - began < limitMs && board.run(SLICE_S));
const wallS = (performance.now() - began) / 1000;
tell({
  end: board.stopped || (isDone || board.seconds >= end ? 'done' : 'time limit'),
  emulated_s: board.seconds,
  wall_s: wallS,
  cycles: board.cycles,
});
