/** The forms that change a board's settings; what it answers is shown. */

import { probability, thresholdCode } from './telemetry.mjs';

const RULE = ['window_hops', 'on_hops', 'off_hops', 'hold_off_hops'];
const SAID = { keep: 'Kept in flash', defaults: 'As compiled again', boot: 'Gone to boot mode' };

export class Controls {
  /** @param {HTMLElement} root @param {(words: string) => Promise<import('./telemetry.mjs').Answer>} ask */
  constructor(root, ask) {
    Object.assign(this, { root, ask });
    this.slider = root.querySelector('.threshold input');
    this.light = root.querySelector('.light');
    this.kinds = root.querySelector('.rule select');
    this.slider.oninput = () => this.#told();
    this.#on('.threshold', 'submit', () => `threshold ${thresholdCode(Number(this.slider.value))}`, 'Threshold set');
    this.#on('.rule', 'submit', () => `rule ${[this.kinds.value, ...RULE.map((name) => this.#field(name).value || 0)].join(' ')}`, 'Rule set');
    this.#on('.light', 'change', () => `led ${this.light.value}`, 'Light set');
    for (const button of root.querySelectorAll('[data-ask]')) {
      button.onclick = () => this.#send(button.dataset.ask, SAID[button.dataset.ask]);
    }
    this.enable(false);
  }

  #field(name) {
    return this.root.querySelector(`.rule [name=${name}]`);
  }

  #on(name, event, words, said) {
    this.root.querySelector(name).addEventListener(event, (happened) => {
      happened.preventDefault();
      this.#send(words(), said);
    });
  }

  async #send(words, said) {
    const place = this.root.querySelector('.answer');
    const began = performance.now();
    place.textContent = 'Asking …';
    try {
      const answer = await this.ask(words);
      const after = `after ${Math.round(performance.now() - began)} ms`;
      place.textContent = answer.ok ? `✓ ${said}; the board answered ${after}.` : `The board refuses: ${answer.problem}.`;
    } catch (error) {
      place.textContent = error.message;
    }
  }

  #told() {
    this.root.querySelector('.threshold output').textContent = Number(this.slider.value).toFixed(2);
  }

  enable(isOn) {
    for (const each of this.root.querySelectorAll('.settings button, .settings input, .settings select')) each.disabled = !isOn;
    if (!isOn) this.root.querySelector('.answer').textContent = '';
  }

  /** @param {import('./telemetry.mjs').Hello} said */
  hello({ kinds, longest }) {
    const options = (kinds.length ? kinds : ['count']).map((kind) => new Option(kind, kind));
    this.kinds.replaceChildren(...options);
    this.#field('window_hops').title = `up to ${longest} hops`;
  }

  /** @param {import('./telemetry.mjs').Answer} answer what is in use now */
  settings({ threshold, rule, led, kept }) {
    this.slider.value = String(probability(threshold));
    this.#told();
    if (![...this.kinds.options].some((option) => option.value === rule.kind)) this.kinds.add(new Option(rule.kind, rule.kind));
    this.kinds.value = rule.kind;
    for (const name of RULE) this.#field(name).value = String(rule[name]);
    this.light.value = led;
    this.root.classList.toggle('unkept', !kept);
  }
}
