/**
 * The monitor on a page: a board over Web Serial, beside what the page hears.
 *
 * @typedef {{twin: {stream: number, hops: [number, number, number][], model: string} | null, kept_s: number}} Update
 *   kept_s: how long the page remembers what it heard
 */

import { Link } from './link.mjs';
import { createMonitor } from './monitor.mjs';
import { advice, hindrance, webSerial } from './web_serial.mjs';

const STATES = {
  idle: 'No board is connected. Flash one, plug it in, and choose it here.',
  opening: 'Choose the board in the browser’s list …',
  open: 'Connected. Waiting for what it says …',
  lost: 'The board went away. Waiting for it to come back …',
  failed: 'No board is connected.',
};

const MOST_PRESSES = 8;

class Watched {
  constructor(root, send) {
    this.presses = [];
    this.monitor = createMonitor(root, { onWrong: (heard) => send('wrong', this.wrong(heard, Date.now())) });
    this.button = root.querySelector('.connect');
    const problem = hindrance(window);
    this.monitor.state(STATES.idle, problem);
    this.button.disabled = problem !== '';
    this.link = problem ? null : new Link(webSerial(navigator.serial), {
      onState: (state, error) => this.turn(state, error),
      onBytes: (bytes) => this.monitor.bytes(bytes),
    });
    this.button.onclick = () => {
      if (this.isBusy) this.link.disconnect();
      else this.link.connect();
    };
  }

  /** An event was none: return the last few presses, so that a run of the page that is overtaken loses none. */
  wrong({ from, until }, now) {
    const press = { at: now, began_s: (now - from) / 1000, ended_s: until === null ? 0 : Math.max(0, now - until) / 1000 };
    this.presses = [...this.presses, press].slice(-MOST_PRESSES);
    return this.presses;
  }

  get isBusy() {
    return ['opening', 'open', 'lost'].includes(this.link?.state);
  }

  turn(state, error) {
    if (state === 'open') this.monitor.attached((text) => this.link.send(text));
    else this.monitor.detached();
    this.monitor.state(STATES[state], error ? advice(error) : '');
    this.monitor.root.dataset.state = state;
    this.button.textContent = this.isBusy ? 'Disconnect' : 'Connect a board';
    this.button.classList.toggle('main', !this.isBusy);
  }

  destroy() {
    this.link?.disconnect();
    this.monitor.destroy();
  }
}

/**
 * What was wrong is state, not a trigger: a run of the page that is overtaken by the next would lose a trigger.
 * The page handles each press once, by its time.
 *
 * @param {{data: Update | null, parentElement: HTMLElement, setStateValue: (name: string, value: unknown) => void}} component
 */
export default function board({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector('.monitor');
  root.watched ??= new Watched(root, (name, value) => root.send(name, value));
  root.send = setStateValue;
  const { monitor } = root.watched;
  monitor.hears(Boolean(data?.twin), data?.kept_s);
  if (data?.twin) monitor.twin(data.twin.stream, data.twin.hops, data.twin.model);
  return () => {
    if (!root.isConnected) root.watched.destroy();
  };
}
