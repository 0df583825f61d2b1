/**
 * Firmware on the virtual board while a computer talks to it. Prints
 * {"lines": [[t_s, line]], "stopped", "led"}.
 *
 *   node talking.mjs VIRTUAL_BOARD FIRMWARE.uf2 SOUND.s16 STEPS.json
 *
 * STEPS lists, in order of time, {"at_s", "send": base64}, {"at_s", "restart": true}
 * (power goes and comes back; only the flash stays) and {"at_s", "end": true}.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, uf2, sound, steps] = process.argv.slice(2);
const from = (name) => import(pathToFileURL(join(folder, name)));
const { Board } = await from('board.mjs');
const { Modulator } = await from('modulator.mjs');

console.warn = console.error = () => {};
const lines = [];
const bytes = readFileSync(sound);
const samples = new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
let before = 0;
let board = plugged();

function plugged(flash) {
  const made = new Board({
    uf2: readFileSync(uf2),
    onLine: (line) => lines.push([before + made.seconds, line]),
  });
  if (flash) made.mcu.flash.set(flash);
  made.play(new Modulator().modulate(samples));
  return made;
}

for (const step of JSON.parse(readFileSync(steps, 'utf8'))) {
  board.run(Math.max(0, step.at_s - before - board.seconds));
  if (step.send) board.serial.send(Buffer.from(step.send, 'base64'));
  if (step.restart) {
    before += board.seconds;
    board = plugged(board.mcu.flash.slice());
  }
}
process.stdout.write(JSON.stringify({ lines, stopped: board.stopped, led: board.led }));
