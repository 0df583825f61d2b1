/**
 * One button, one dialog: a board is found, flashed, read back and started.
 *
 * @typedef {{name: string, uf2: string}} Firmware  uf2 is base64
 */

import { advice as serialAdvice } from '../monitor/web_serial.mjs';
import { FlashError, Picoboot, flash } from './picoboot.mjs';
import { FILE_BYTES, imageOf, tooLarge } from './uf2.mjs';
import { advice, chooseBoard, hindrance, openBoard, toBootMode } from './web_usb.mjs';

const SAID = {
  choose: 'Hold BOOTSEL while you plug the board in, then choose it. A board that runs firmware of the lab can be sent there from here.',
  connecting: 'Connecting …', erasing: 'Erasing …', writing: 'Writing …', verifying: 'Reading back and comparing …', rebooting: 'Starting it …',
  boot: 'The board went to boot mode. Now choose it.', done: 'Done: written, read back, equal. The board runs it.', failed: 'Not flashed.',
  unstarted: 'Written and read back, but not started.',
}; // prettier-ignore
const FILE = 'A file …';

class Flasher {
  constructor(root) {
    Object.assign(this, { root, firmware: [], file: null, stop: null, find: (name) => root.querySelector(name) });
    this.find('.start').onclick = () => this.open();
    this.find('.boot').onclick = () => this.choose();
    this.find('.touch').onclick = () => this.touch();
    this.find('.close').onclick = () => (this.stop ? this.stop.abort() : this.find('dialog').close());
    this.find('dialog').oncancel = (event) => this.stop && event.preventDefault();
    this.find('input').onchange = (event) => (this.file = event.target.files[0] ?? null);
  }

  offer(firmware) {
    if (this.stop) return;
    const [select, chosen] = [this.find('select'), this.find('select').value];
    const names = [...firmware.map(({ name }) => name), FILE];
    this.firmware = firmware;
    this.find('.start').classList.toggle('main', firmware.length > 0); // compiling is what comes first
    select.replaceChildren(...names.map((name) => Object.assign(document.createElement('option'), { textContent: name, value: name })));
    if (names.includes(chosen)) select.value = chosen;
  }

  open() {
    this.find('input').hidden = this.find('select').value !== FILE;
    this.find('.title').textContent = this.find('input').hidden ? `Flash ${this.find('select').value}` : 'Flash a file';
    this.turn('choose', hindrance(window));
    this.find('dialog').showModal();
  }

  turn(state, problem = '') {
    this.root.dataset.state = state;
    this.find('.state').textContent = SAID[state];
    this.find('.problem').textContent = problem;
    const isBlocked = Boolean(this.stop) || !navigator.usb;
    this.find('.boot').disabled = isBlocked;
    this.find('.touch').disabled = isBlocked || !navigator.serial;
    this.find('.close').textContent = this.stop ? 'Stop' : 'Close';
    if (!this.stop && state !== 'done') Object.assign(this.find('progress'), { value: 0 });
    if (state === 'choose') this.find('.figures').textContent = '';
  }

  async bytes() {
    const name = this.find('select').value;
    if (name === FILE) {
      if (!this.file) throw new FlashError('Refused', 'Choose a .uf2 first.');
      if (this.file.size > FILE_BYTES) throw tooLarge(this.file.size); // before it is read
      return new Uint8Array(await this.file.arrayBuffer());
    }
    return Uint8Array.from(atob(this.firmware.find((each) => each.name === name).uf2), (letter) => letter.charCodeAt(0));
  }

  async touch() {
    try {
      await toBootMode(navigator.serial);
      this.turn('boot');
    } catch (error) {
      this.turn('failed', serialAdvice(error));
    }
  }

  async choose() {
    const name = this.find('select').value;
    let transport = null;
    try {
      const image = imageOf(await this.bytes()); // refused before a board is asked for
      const device = await chooseBoard(navigator.usb);
      this.stop = new AbortController();
      this.turn('connecting');
      transport = await openBoard(device);
      const { bytes, seconds } = await flash(new Picoboot(transport), image, (progress) => this.progress(progress), this.stop.signal);
      this.end('done', '', { name, bytes, seconds });
    } catch (error) {
      this.end('failed', advice(error, navigator.platform), { name, problem: error.name });
      if (error.name === 'NoReboot') this.find('.state').textContent = SAID.unstarted;
    }
    await transport?.close();
  }

  progress({ state, done, total, seconds }) {
    if (this.root.dataset.state !== state) this.turn(state);
    this.find('progress').value = done / total;
    this.find('.figures').textContent = `${(done / 1024).toFixed(0)} of ${(total / 1024).toFixed(0)} KB · ${seconds.toFixed(1)} s`;
  }

  end(state, problem, outcome) {
    this.stop = null;
    this.turn(state, problem);
    if (outcome.problem !== 'NotFoundError') this.root.send?.('flashed', { ...outcome, state, at: Date.now() }); // who chose no board knows it
  }
}

/**
 * The last outcome is state, not a trigger, which a run that is overtaken by the next would lose; the page tells of it once, by its time.
 *
 * @param {{data: {firmware: Firmware[]}, parentElement: HTMLElement, setStateValue: (name: string, value: unknown) => void}} component
 */
export default function flasher({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector('.flash');
  root.send = setStateValue;
  root.flasher ??= new Flasher(root);
  root.flasher.offer(data?.firmware ?? []);
}
