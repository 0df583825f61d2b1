/**
 * Firmware on the virtual board, with a reader of its serial line that takes
 * one packet of 64 bytes a millisecond, as a real host may, and from a given
 * time on takes none. Prints {"lines", "stopped", "idle_s"}.
 *
 *   node slow_reader.mjs VIRTUAL_BOARD FIRMWARE.uf2 SECONDS STOPS_READING_AT_S
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, uf2, seconds, stopsAt] = process.argv.slice(2);
const { Board } = await import(pathToFileURL(join(folder, 'board.mjs')));
const PACKET_NANOS = 1e6;
const CDC_DATA = 2;

console.warn = console.error = () => {};
const lines = [];
const board = new Board({ uf2: readFileSync(uf2), onLine: (line) => lines.push(line) });
const usb = board.mcu.usbCtrl;
const free = usb.indicateBufferReady.bind(usb);
usb.indicateBufferReady = (endpoint, out) => {
  if (endpoint !== CDC_DATA || out) free(endpoint, out);
  else if (board.seconds < Number(stopsAt)) {
    board.mcu.clock.createAlarm(() => free(endpoint, out)).schedule(PACKET_NANOS);
  }
};
board.run(Number(seconds));
process.stdout.write(JSON.stringify({ lines, stopped: board.stopped, idle_s: board.idleNanos / 1e9 }));
