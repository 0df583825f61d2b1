/**
 * The monitor of a board: what it says is drawn, what a person asks is sent.
 * Where the lines come from is not its business: main.mjs feeds it from Web
 * Serial, the virtual board from its Worker.
 *
 *   const monitor = createMonitor(element);      // fills the element
 *   monitor.attached((text) => …);               // a board is there: how to send it text; null, or detached(), when it is gone
 *   monitor.bytes(chunk); monitor.line(text);    // what it says
 *   monitor.twin(stream, hops, model);           // what its twin in the page decided: [number, code, active]
 *   monitor.state(text, problem); monitor.destroy();
 *
 * Its style is monitor.css, its markup markup.mjs.
 */

import { Asking } from './asking.mjs';
import { Controls } from './controls.mjs';
import { Events } from './events.mjs';
import { History } from './history.mjs';
import { LineDecoder } from './lines.mjs';
import { Log } from './log.mjs';
import { MARKUP } from './markup.mjs';
import { draw, isBright } from './picture.mjs';
import { Figures } from './figures.mjs';
import { RawView } from './raw_view.mjs';
import { read } from './telemetry.mjs';
import { TwinTrack } from './twin.mjs';

const FRAME_MS = 33;
const SLOW_SPAN_S = 120;
const SLOW_FRAME_MS = 400;
const ALIGN_MS = 1_500;
const FIGURES_MS = 100;

class Monitor {
  /** @param {HTMLElement} root */
  constructor(root, { onWrong = null, now = () => performance.now() } = {}) {
    root.innerHTML = MARKUP;
    for (const name of ['hop', 'place', 'event']) delete root.dataset[name]; // what an earlier board said
    Object.assign(this, { root, now, span_s: 60, threshold: null, drawn: 0, aligned: 0, told: 0, isStale: true });
    this.history = new History();
    this.events = new Events();
    this.track = new TwinTrack();
    this.log = new Log();
    this.decoder = new LineDecoder();
    this.asking = null;
    this.figures = new Figures(root, onWrong);
    this.controls = new Controls(root, (words) => this.ask(words));
    this.raw = new RawView(root, this.log, this.history);
    this.#spans();
    this.detached();
    const loop = (time) => {
      this.#frame(time);
      this.request = requestAnimationFrame(loop);
    };
    this.request = requestAnimationFrame(loop);
  }

  #spans() {
    const buttons = [...this.root.querySelectorAll('[data-span]')];
    for (const button of buttons) {
      button.onclick = () => {
        this.span_s = Number(button.dataset.span);
        this.isStale = true;
        this.drawn = 0;
        for (const each of buttons) each.setAttribute('aria-pressed', String(each === button));
      };
    }
  }

  /** @param {Uint8Array} chunk of the serial line */
  bytes(chunk) {
    for (const line of this.decoder.push(chunk)) this.line(line);
  }

  /** @param {string} line without its end */
  line(line) {
    this.log.push(line);
    this.raw.isStale = true;
    const said = read(line);
    if (said?.kind === 'hop') this.#hop(said);
    else if (said?.kind === 'hello') this.#hello(said);
    else if (said?.kind === 'answer') this.#answer(said);
  }

  #hop(said) {
    const place = this.history.push(said, this.now() / 1000);
    if (this.events.push(said, Date.now())) this.figures.eventsAreStale = true;
    this.figures.take(said, this.now());
    this.isStale = true;
    Object.assign(this.root.dataset, { hop: said.hop, place, event: Number(said.event) });
  }

  #hello(said) {
    this.threshold = said.threshold;
    this.figures.hello(said);
    this.controls.hello(said);
  }

  #answer(said) {
    if (said.threshold !== undefined) {
      this.threshold = said.threshold;
      this.controls.settings(said);
    }
    this.asking?.take(said);
    this.isStale = true;
  }

  /** @param {string} words a command @returns {Promise<import('./telemetry.mjs').Answer>} */
  async ask(words) {
    if (!this.asking) throw new Error('No board is connected.');
    return this.asking.ask(words);
  }

  /** @param {(text: string) => Promise<void> | void} send */
  attached(send) {
    this.decoder.reset();
    this.asking = new Asking(send, (ms) => new Promise((resolve) => setTimeout(resolve, ms)));
    this.controls.enable(true);
    this.root.classList.remove('gone');
    this.ask('who').catch(() => {}); // older firmware does not answer
  }

  /** The board is gone. */
  detached() {
    this.asking?.end();
    this.asking = null;
    this.events.end();
    this.figures.eventsAreStale = true;
    this.controls.enable(false);
    this.root.classList.remove('happens');
    this.root.classList.add('gone');
    this.root.style.setProperty('--led', '0');
  }

  /**
   * @param {string} text what the line does
   * @param {string} [problem] what to do
   */
  state(text, problem = '') {
    this.root.querySelector('.state').textContent = text;
    this.root.querySelector('.problem').textContent = problem;
  }

  /**
   * @param {number} stream
   * @param {[number, number, number][]} hops of the twin
   * @param {string} [model] SHA-256 of its model
   */
  twin(stream, hops, model = '') {
    this.figures.twinModel = model;
    this.track.push(stream, hops);
    this.root.classList.toggle('paired', this.track.newest >= 0);
  }

  /**
   * @param {boolean} isOn whether the page hears, so that a sound can be kept
   * @param {number} [kept_s] for how long
   */
  hears(isOn, kept_s = 0) {
    this.figures.hears(isOn, kept_s, Date.now());
  }

  #frame(time) {
    const isFast = this.span_s <= SLOW_SPAN_S;
    if (time - this.aligned > ALIGN_MS && this.track.newest >= 0) {
      this.aligned = time;
      this.track.align(this.history);
      this.isStale = true;
      this.figures.beside(this.track, this.history, this.threshold);
    }
    if (time - this.told > FIGURES_MS) {
      this.told = time;
      this.figures.show(this.events, this.now(), Date.now());
      this.raw.show();
    }
    if (!this.isStale || time - this.drawn < (isFast ? FRAME_MS : SLOW_FRAME_MS)) return;
    this.drawn = time;
    this.isStale = false;
    const canvas = this.root.querySelector('canvas');
    const { history, track, span_s, threshold } = this;
    draw(canvas, { history, twin: track, span_s, threshold, isDark: isBright(getComputedStyle(this.root).color) });
  }

  destroy() {
    cancelAnimationFrame(this.request);
    this.detached();
  }
}

/**
 * @param {HTMLElement} root is filled
 * @param {{onWrong?: (heard: {from: number, until: number | null}) => void}} [options] onWrong: a person says that an event was
 *   none, which the page heard from and until these milliseconds, null while it lasts
 */
export function createMonitor(root, options) {
  return new Monitor(root, options);
}
