/** The monitor's numbers: tiles, stages, events, and how far board and twin are apart. */

import { CYCLES_PER_MS, HOP_CYCLES, HOP_S, probability } from './telemetry.mjs';

const QUIET_DB = -96;
const SHOWN_EVENTS = 12;
const STAGES = ['pdm', 'features', 'model', 'telling'];
const RATE_MS = 2_000;
const LEAST_MS = 200; // of an event; the sound before it is kept, too

export class Figures {
  constructor(root, onWrong) {
    Object.assign(this, { root, onWrong, said: null, eventsAreStale: true, model: '', twinModel: '' });
    Object.assign(this, { heardFrom: Infinity, kept_s: 0, shown: [] });
    this.arrived = [0, 0, 0]; // hops, since (ms), hops a second
    this.cycles = null;
    this.rows = new Map(); // event → its row
  }

  find(name) {
    return this.root.querySelector(name);
  }

  /** @param {import('./telemetry.mjs').Hop} said @param {number} now ms */
  take(said, now) {
    this.said = said;
    const fresh = { ...said.cycles, telling: said.telling };
    this.cycles ??= fresh;
    for (const stage of [...STAGES, 'total']) this.cycles[stage] += (fresh[stage] - this.cycles[stage]) / 16;
    if (now - this.arrived[1] > 2 * RATE_MS) this.arrived = [0, now, 0]; // the first, or the first after a pause
    else this.arrived[0]++;
    if (now - this.arrived[1] > RATE_MS) this.arrived = [0, now, (this.arrived[0] * 1000) / (now - this.arrived[1])];
  }

  /** @param {import('./telemetry.mjs').Hello} said */
  hello({ name, board, version, model }) {
    this.model = model;
    const told = [`“${name || 'A detector'}” on ${board || 'a board'}`, version && `firmware ${version}`, model && `model ${model.slice(0, 8)}`];
    this.find('.state').textContent = told.filter(Boolean).join(' · ');
  }

  hears(isOn, kept_s, clock) {
    this.heardFrom = isOn ? Math.min(this.heardFrom, clock) : Infinity;
    this.kept_s = kept_s;
  }

  /** @param {number} now ms of the page @param {number} clock ms, as events have it */
  show(events, now, clock) {
    if (this.eventsAreStale) this.#events(events);
    for (const event of this.shown) this.#offer(event, clock);
    if (!this.said || this.root.classList.contains('gone')) return;
    const { said, cycles } = this;
    const set = (name, text) => {
      const place = this.find(name);
      if (place.textContent !== text) place.textContent = text;
    };
    set('.chance', probability(said.code).toFixed(2));
    set('.verdict', said.event ? 'event' : 'no event');
    set('.level', `${String(said.level).replace('-', '−')} dB`);
    const work = cycles.total + cycles.telling;
    set('.work', `${(work / CYCLES_PER_MS).toFixed(1)} ms`);
    set('.of', `of 32 ms, ${Math.round((100 * work) / HOP_CYCLES)} %`);
    set('.overruns', String(said.overruns));
    const isFresh = now - this.arrived[1] < 2 * RATE_MS;
    set('.rate', isFresh && this.arrived[2] ? `${this.arrived[2].toFixed(1)} lines a second` : said.overruns === 1 ? 'hop lost' : 'hops lost');
    for (const stage of STAGES) {
      this.find(`.bar .${stage}`).style.width = `${Math.min(100, (100 * cycles[stage]) / HOP_CYCLES)}%`;
      set(`.stages span.${stage} b`, `${(cycles[stage] / CYCLES_PER_MS).toFixed(1)} ms`);
    }
    this.root.style.setProperty('--led', String(said.led / 255));
    this.root.style.setProperty('--level', String(1 - said.level / QUIET_DB));
    this.root.classList.toggle('happens', said.event);
    this.root.classList.toggle('late', work > HOP_CYCLES);
  }

  #events(events) {
    this.eventsAreStale = false;
    this.find('.events .count').textContent = events.count ? `(${events.count})` : '';
    this.find('.events .none').hidden = events.count > 0;
    const shown = (this.shown = events.list.slice(0, SHOWN_EVENTS));
    const list = this.find('.events ol');
    for (const [event, row] of this.rows) {
      if (shown.includes(event)) continue;
      row.remove();
      this.rows.delete(event);
    }
    for (const event of shown.toReversed()) {
      if (!this.rows.has(event)) list.prepend(this.#newRow(event));
      this.#tell(event);
    }
  }

  /** A row stays the same element while its event is shown: one drawn anew under a finger would lose the press. */
  #newRow(event) {
    const row = document.createElement('li');
    row.append(document.createElement('span'));
    if (this.onWrong) row.append(this.#wrong(event));
    this.rows.set(event, row);
    return row;
  }

  #tell(event) {
    const [words] = this.rows.get(event).children;
    const lasts = event.isOn ? `on for ${event.seconds.toFixed(1)} s` : `${event.seconds.toFixed(1)} s`;
    const text = `${new Date(event.at).toLocaleTimeString()} · ${lasts} · up to ${probability(event.peak).toFixed(2)}`;
    if (words.textContent !== text) words.textContent = text;
  }

  /** A press keeps the event's sound, so it is offered only while the page has that. */
  #offer(event, clock) {
    const [, button] = this.rows.get(event).children;
    if (!button) return;
    const { from, until } = this.#heard(event, clock);
    button.hidden = (until ?? clock) - from < LEAST_MS || clock - from > 1000 * this.kept_s;
  }

  /** @returns {{from: number, until: number | null}} when the page heard an event, ms; null while it lasts */
  #heard({ at, seconds, isOn }, clock) {
    const oldest = isOn ? clock - 1000 * this.kept_s : at; // of one that goes on and on, what is still there
    return { from: Math.max(at, this.heardFrom, oldest), until: isOn ? null : at + 1000 * seconds };
  }

  #wrong(event) {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = 'That was wrong';
    button.title = 'Keeps what this page heard as a sound that is no alarm';
    button.onclick = () => {
      button.disabled = true;
      this.onWrong(this.#heard(event, Date.now()));
    };
    return button;
  }

  beside(track, history, threshold) {
    const place = this.find('.beside');
    const apart = track.difference(history, threshold ?? 0);
    if (this.model && this.twinModel && this.model !== this.twinModel) {
      place.textContent = `Not the same model: the board runs ${this.model.slice(0, 8)}, the twin ${this.twinModel.slice(0, 8)}. Choose the board’s detector below.`;
    } else if (!apart) place.textContent = 'The twin hears, too. Let a sound come that both can hear: the curves are laid over each other then.';
    else {
      const fit = `Fit ${track.fit.toFixed(2)}, probabilities ${apart.apart.toFixed(2)} apart on average, the same side of the threshold in ${Math.round(100 * apart.agree)} % of hops`;
      place.textContent = `${fit} over ${(apart.hops * HOP_S).toFixed(0)} s. The twin’s curve is shifted to where both fit best.`;
    }
  }
}
