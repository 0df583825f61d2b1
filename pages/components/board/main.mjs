/**
 * The virtual board on a page: the very .uf2 hears a sound or the page's
 * microphone; its light glows, its telemetry drives the monitor.
 *
 * @typedef {{name: string, pcm: string}} Sound  pcm is base64 of int16 at 16 kHz, little-endian
 * @typedef {{first: number, codes: string, model: string}} Twin  codes is base64 of int8, one a hop from hop `first`
 * @typedef {{firmware: {name: string, uf2: string, pins: object}, sound: Sound | null, twin: Twin | null}} Update
 */

import { createMonitor } from '../monitor/monitor.mjs';
import { besideRun, besideTwin } from './compared.mjs';
import { Microphone, advice } from './microphone.mjs';
import { SoundOut } from './sound_out.mjs';
import { VirtualBoard } from './virtual_board.mjs';

const RATE_HZ = 16_000;
const LATE_S = 0.3;
const SAID = {
  idle: 'Nothing runs. The board has no power.', opening: 'Waiting for the microphone …', starting: 'The board starts …',
  running: 'The board listens.', paused: 'Paused: time stands still on the board.', done: 'The sound is over.',
  stopped: 'Stopped.', failed: 'The board stopped.',
}; // prettier-ignore

const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

class Bench {
  constructor(root) {
    Object.assign(this, { root, board: null, microphone: null, out: null, first: null, isReplay: false, starts: 0 });
    this.find = (name) => root.querySelector(name);
    this.find('.run').onclick = () => (this.isOn ? this.stop('stopped') : this.start(false));
    this.find('.hold').onclick = () => this.pause();
    this.find('.again').onclick = () => this.start(true);
    this.find('.quick').onchange = () => this.board?.pace(this.isReal);
    this.find('.aloud').onchange = () => this.listen();
    this.#freshMonitor();
    this.turn('idle');
  }

  /** @param {Update} data */
  offer(data) {
    const same = ['firmware', 'sound', 'twin'].every((name) => JSON.stringify(data[name]) === JSON.stringify(this.data?.[name]));
    if (same) return;
    this.stop('idle');
    this.data = data;
    this.first = null;
    this.samples = data.sound && new Int16Array(bytesOf(data.sound.pcm).buffer);
    this.twin = data.twin && { first: data.twin.first, codes: new Int8Array(bytesOf(data.twin.codes).buffer) };
    this.root.classList.toggle('live', !this.samples);
    this.verdict('');
    this.turn('idle');
  }

  get isOn() {
    return ['opening', 'starting', 'running', 'paused'].includes(this.root.dataset.state);
  }

  /** A microphone goes no faster; a replay needs no patience. */
  get isReal() {
    return Boolean(this.samples) && !this.isReplay && !this.find('.quick').checked;
  }

  #freshMonitor() {
    this.monitor?.destroy();
    this.monitor = createMonitor(this.find('.monitor'));
    this.find('[data-span="10"]').click(); // a sound lasts seconds
  }

  async start(isReplay) {
    if (this.isOn) return;
    this.isReplay = isReplay;
    if (!isReplay) this.verdict('');
    this.problem('');
    this.turn('opening');
    if (!this.samples && !(await this.#openMicrophone())) return;
    this.#freshMonitor();
    this.turn('starting');
    const { firmware } = this.data;
    this.board = new VirtualBoard(bytesOf(firmware.uf2), firmware.pins, { onTold: (told) => this.told(told), onEnded: (why) => this.ended(why) });
    this.monitor.attached((text) => this.board?.send(text));
    if (this.twin) this.monitor.twin(Date.now(), [...this.twin.codes].map((code, index) => [this.twin.first + index, code, 0]), this.data.twin.model);
    this.board.pace(this.isReal);
    if (this.samples) this.board.hear(this.samples, true);
    this.listen();
  }

  /** Open the microphone; return whether it is still wanted: a person may have stopped while the browser asked. */
  async #openMicrophone() {
    const start = ++this.starts;
    const isWanted = () => start === this.starts && this.root.dataset.state === 'opening';
    try {
      const opened = await Microphone.open((block) => this.board?.hear(block), () => this.stop('failed', 'The microphone went away.'));
      if (isWanted()) this.microphone = opened;
      else opened.close();
    } catch (error) {
      if (isWanted()) this.stop('failed', advice(error));
    }
    return isWanted();
  }

  told({ lines, led, sound_s, behind_s, factor }) {
    if (this.root.dataset.state === 'starting' && sound_s > 0) this.turn('running');
    for (const line of lines) this.monitor.line(line);
    this.root.style.setProperty('--light', led.toFixed(3));
    this.root.dataset.led = led.toFixed(3);
    const length_s = this.samples ? this.samples.length / RATE_HZ : 0;
    this.find('progress').value = length_s ? Math.min(1, sound_s / length_s) : 0;
    const heard = this.samples ? `${Math.min(sound_s, length_s).toFixed(1)} of ${length_s.toFixed(1)} s heard` : `${sound_s.toFixed(1)} s heard`;
    const speed = factor ? ` · this machine could run it at ${factor.toFixed(1)} times real time` : '';
    const late = behind_s > LATE_S ? ` · ${behind_s.toFixed(1)} s behind` : '';
    this.find('.figures').textContent = heard + speed + late;
    if (factor) this.root.dataset.factor = factor.toFixed(2);
    if (this.root.dataset.state === 'running') this.out?.follow(sound_s);
  }

  ended(why) {
    const { said } = this.board;
    if (why === 'done') {
      this.#compare(said);
      this.root.send?.('played', { at: Date.now() });
    }
    this.stop(why === 'done' ? 'done' : 'failed', why === 'done' ? '' : `${why[0].toUpperCase()}${why.slice(1)}.`);
  }

  #compare(said) {
    const parts = [];
    if (this.twin) {
      const { hops, differ, first } = besideTwin(said, this.twin);
      parts.push(differ ? `${differ} of ${hops} decisions differ from the twin’s, first at hop ${first}.` : `All ${hops} decisions equal the twin’s, code by code.`);
      Object.assign(this.root.dataset, { hops, differ });
    }
    if (this.isReplay && this.first) {
      const { lines, differ } = besideRun(this.first, said);
      parts.push(differ ? `Replayed: ${differ} of ${lines} lines differ.` : `Replayed: all ${lines} lines are the same, cycles too.`);
      this.root.dataset.replayed = differ;
    } else this.first = said;
    this.verdict(parts.join(' '));
  }

  /** Play the sound, or stop playing it. */
  listen() {
    this.out?.close();
    this.out = this.find('.aloud').checked && this.samples && this.isOn && this.isReal ? new SoundOut(this.samples) : null;
  }

  pause() {
    const isOn = this.root.dataset.state !== 'paused';
    this.board?.pause(isOn);
    if (isOn) this.out?.pause();
    this.turn(isOn ? 'paused' : 'running');
  }

  stop(state, problem = '') {
    this.board?.stop();
    this.microphone?.close();
    this.out?.close();
    Object.assign(this, { board: null, microphone: null, out: null });
    this.monitor.detached();
    this.root.style.setProperty('--light', '0');
    this.problem(problem);
    this.turn(state);
  }

  verdict(text) {
    this.find('.equal').textContent = text;
  }

  problem(text) {
    this.find('.trouble').textContent = text;
  }

  turn(state) {
    this.root.dataset.state = state;
    this.find('.now').textContent = SAID[state];
    this.find('.run').textContent = this.isOn ? 'Take its power away' : this.samples ? 'Play it to the board' : 'Switch board and microphone on';
    this.find('.run').classList.toggle('main', !this.isOn);
    this.find('.hold').disabled = !['running', 'paused'].includes(state) || !this.samples;
    this.find('.hold').textContent = state === 'paused' ? 'Go on' : 'Pause';
    this.find('.again').disabled = this.isOn || !this.first;
    if (state === 'idle') this.find('progress').value = 0;
    if (state === 'idle') this.find('.figures').textContent = '';
  }

  destroy() {
    this.stop('idle');
    this.monitor.destroy();
  }
}

/** @param {{data: Update, parentElement: HTMLElement, setTriggerValue: (name: string, value: unknown) => void}} component */
export default function board({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector('.try');
  root.send = setTriggerValue;
  root.bench ??= new Bench(root);
  root.bench.offer(data);
  return () => {
    if (!root.isConnected) root.bench.destroy();
  };
}
