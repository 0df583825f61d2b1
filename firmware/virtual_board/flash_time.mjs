/**
 * Flash a .uf2 onto the model of the boot ROM, with the times of real flash: `node flash_time.mjs FIRMWARE.uf2`.
 *
 * Prints one JSON object: {"bytes", "seconds" from the first command until the board runs, "running"}.
 */

import { readFileSync } from 'node:fs';
import { Picoboot, flash } from '../../pages/components/flash/picoboot.mjs';
import { imageOf } from '../../pages/components/flash/uf2.mjs';
import { BootDevice, VirtualClock } from './boot_device.mjs';

const LIMIT_MS = 5_000; // a board restarts half a second after it was asked to
const STEP_MS = 10;

const clock = new VirtualClock();
const device = new BootDevice(clock);
try {
  const { bytes } = await flash(new Picoboot(device, clock), imageOf(readFileSync(process.argv[2])));
  for (let waited = 0; !device.isRunning && waited < LIMIT_MS; waited += STEP_MS) {
    await new Promise((resolve) => clock.after(STEP_MS, resolve));
  }
  console.log(JSON.stringify({ bytes, seconds: clock.now() / 1000, running: device.isRunning }));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
