/**
 * Firmware on the virtual board while something goes wrong. Prints
 * {"lines", "led", "stopped", "idle_s"}; led is its brightness each 32 ms.
 *
 *   node faults.mjs VIRTUAL_BOARD FIRMWARE.uf2 SECONDS SOUND.s16 FAULT
 *
 * FAULT: "unplugged" (no computer ever), "reset" (the computer resets the bus
 * at 1.2 s), "high" and "low" (the data line is stuck), "dead" (the words of the
 * microphone stop at 1.2 s), "none".
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, uf2, seconds, sound, fault] = process.argv.slice(2);
const from = (name) => import(pathToFileURL(join(folder, name)));
const { Board } = await from('board.mjs');
const { Modulator } = await from('modulator.mjs');
const FAULT_S = 1.2;
const HOP_S = 0.032;

console.warn = console.error = () => {};
const lines = [];
const led = [];
const bytes = readFileSync(sound);
const samples = new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
const words = new Modulator().modulate(samples);
if (fault === 'high') words.fill(0xffffffff);
if (fault === 'low') words.fill(0);
const board = new Board({ uf2: readFileSync(uf2), onLine: (line) => lines.push(line) });
board.play(words);
const usb = board.mcu.usbCtrl;
if (fault === 'unplugged') usb.onUSBEnabled = () => {};
let isFaulty = false;
while (board.seconds < Number(seconds) && board.run(HOP_S)) {
  led.push(board.led);
  if (isFaulty || board.seconds < FAULT_S) continue;
  isFaulty = true;
  if (fault === 'reset') usb.resetDevice();
  if (fault === 'dead') board.mcu.pio[0].machines[0].enabled = false;
}
process.stdout.write(JSON.stringify({ lines, led, stopped: board.stopped, idle_s: board.idleNanos / 1e9 }));
