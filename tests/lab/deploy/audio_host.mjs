/**
 * A computer at the USB microphone: enumerates it, opens its serial port,
 * starts its stream and fetches one packet each millisecond. Prints
 * {"device", "configuration", "strings", "rate", "packets", "lines", "stopped"},
 * bytes as hexadecimal numbers.
 *
 *   node audio_host.mjs VIRTUAL_BOARD FIRMWARE.uf2 SECONDS SOUND.s16 [stops-at-S] [touch]
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, uf2, seconds, sound, stopsAt = '1e9', touch] = process.argv.slice(2);
const from = (name) => import(pathToFileURL(join(folder, name)));
const { Board } = await from('board.mjs');
const { Modulator } = await from('modulator.mjs');
const FRAME_NANOS = 1e6;
const AUDIO = 3;
const CDC_DATA = 2;
const STREAM_INTERFACE = 3;
const CLOCK_ENTITY = 4;
const AUDIO_CONTROL = 2;

console.warn = console.error = () => {};
const lines = [];
const packets = [];
const answers = { strings: [] };
const bytes = readFileSync(sound);
const samples = new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
const board = new Board({ uf2: readFileSync(uf2) });
board.play(new Modulator().modulate(samples));
const usb = board.mcu.usbCtrl;
const { clock } = board.mcu;

const word = (value) => [value & 0xff, value >> 8];
const setup = (type, request, value, index, length) =>
  Uint8Array.from([type, request, ...word(value), ...word(index), ...word(length)]);
const descriptor = (kind, index, length) => ({
  packet: setup(0x80, 6, (kind << 8) | index, kind === 3 && index ? 0x0409 : 0, length),
  length,
});
const steps = [
  { ...descriptor(1, 0, 18), keep: (found) => (answers.device = found) },
  { packet: setup(0, 5, 1, 0, 0), length: 0 },
  { ...descriptor(2, 0, 9), keep: (found) => (steps[0] = whole(found[2] | (found[3] << 8))) },
  null, // the whole configuration, once its length is known
  ...[0, 1, 2, 3, 4].map((index) => ({
    ...descriptor(3, index, 255),
    keep: (found) => answers.strings.push(found),
  })),
  { packet: setup(0, 9, 1, 0, 0), length: 0 },
  { packet: setup(0xa1, 1, 1 << 8, (CLOCK_ENTITY << 8) | AUDIO_CONTROL, 4), length: 4, keep: (found) => (answers.rate = found) },
  { packet: setup(0xa1, 2, 1 << 8, (CLOCK_ENTITY << 8) | AUDIO_CONTROL, 14), length: 14, keep: (found) => (answers.range = found) },
  { packet: setup(0x21, 0x22, 3, 0, 0), length: 0 },
  { packet: setup(1, 11, 1, STREAM_INTERFACE, 0), length: 0 },
];
const whole = (length) => ({ ...descriptor(2, 0, length), keep: (found) => (answers.configuration = found) });
let now = null;
let received = [];

function next() {
  now = steps.shift() ?? null;
  received = [];
  if (now) usb.sendSetupPacket(now.packet);
}

function onControl(data) {
  if (!now) return;
  received.push(...data);
  if (data.length === 64 && received.length < now.length) return; // more to come
  now.keep?.(received);
  next();
}

let text = '';
usb.onUSBEnabled = () => usb.resetDevice();
usb.onResetReceived = () => next();
usb.onEndpointRead = (endpoint) => {
  if (endpoint === 0 && coding) {
    usb.endpointReadDone(0, coding);
    coding = null;
  }
};
usb.onEndpointWrite = (endpoint, data) => {
  if (endpoint === 0) onControl(data);
  else if (endpoint === AUDIO) packets.push([...data]);
  else if (endpoint === CDC_DATA) text += new TextDecoder().decode(data);
};
const free = usb.indicateBufferReady.bind(usb);
usb.indicateBufferReady = (endpoint, out) => {
  if (endpoint !== AUDIO || out) free(endpoint, out);
  else if (board.seconds < Number(stopsAt)) {
    const frame = FRAME_NANOS - (clock.nanos % FRAME_NANOS);
    clock.createAlarm(() => free(endpoint, out)).schedule(frame);
  }
};
let coding = null;
board.run(Number(seconds));
if (touch) {
  coding = Uint8Array.from([0xb0, 0x04, 0, 0, 0, 0, 8]);
  usb.sendSetupPacket(setup(0x21, 0x20, 0, 0, coding.length));
  board.run(0.1);
}
const hex = (found) => Buffer.from(found ?? []).toString('hex');
lines.push(...text.split('\n').filter(Boolean));
process.stdout.write(
  JSON.stringify({
    device: hex(answers.device),
    configuration: hex(answers.configuration),
    strings: answers.strings.map(hex),
    rate: hex(answers.rate),
    range: hex(answers.range),
    packets: packets.map(hex),
    lines,
    stopped: board.stopped,
  }),
);
