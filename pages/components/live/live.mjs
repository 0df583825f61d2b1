/**
 * What a microphone hears, scrolling: spectrogram, level, and a detector's decisions.
 *
 * Streamlit calls the default export again with each update. An update holds the
 * newest second or two, so one that was skipped loses nothing; hops are numbered
 * and drawn once. The right edge runs on with the clock between updates.
 *
 * @typedef {{stream: number, hop: number, bands: number, rows: string, peaks: number[],
 *   hops: [number, number, number][], threshold: number | null, on: boolean, recording: boolean,
 *   status: string, who: string, age_s: number}} Update
 */

const HOP_S = 0.032;
const ROWS_PER_HOP = 2;
const COLUMNS = 1024;
const SPAN_S = 8;
const FRAME_MS = 30;
const SOUND = [[0, 11, 18, 20], [0.3, 18, 73, 77], [0.6, 31, 157, 143], [0.82, 240, 178, 76], [1, 255, 243, 207]];
const FLOOR = 30;
const TOP = 205;

/** @param {number} share 0 to 1 @returns {number[]} red, green, blue */
export function shade(share) {
  const at = Math.min(1, Math.max(0, share));
  const next = Math.max(1, SOUND.findIndex(([edge]) => edge >= at));
  const [from, to] = [SOUND[next - 1], SOUND[next]];
  const mix = (at - from[0]) / (to[0] - from[0]);
  return [1, 2, 3].map((part) => Math.round(from[part] + mix * (to[part] - from[part])));
}

/** @param {string} text base64 @returns {Uint8Array} */
export function bytes(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

/** @param {number} peak 0 to 1 @returns {number} dB of full scale, at least -60 */
export function decibels(peak) {
  return Math.max(-60, 20 * Math.log10(Math.max(peak, 1e-6)));
}

/** @param {[number, number, number][]} hops @returns {[number, number][]} first and last hop of each event among them */
export function spans(hops) {
  const found = [];
  for (const [number, , active] of hops) {
    const last = found[found.length - 1];
    if (active && last && last[1] === number - 1) last[1] = number;
    else if (active) found.push([number - 1, number]);
  }
  return found;
}

export const REFUSED =
  "The browser refused the microphone. Allow it beside the page's address, then turn it on again.";
export const NONE = "No microphone was found. Plug one in, then turn it on again.";

/** @returns {Promise<string>} why there can be no sound, or "" */
export async function hindrance() {
  const asked = await navigator.permissions?.query({ name: "microphone" }).catch(() => null);
  if (asked?.state === "denied") return REFUSED;
  const devices = await navigator.mediaDevices?.enumerateDevices().catch(() => null);
  return devices && !devices.some((device) => device.kind === "audioinput") ? NONE : "";
}

class View {
  /** @param {HTMLElement} root */
  constructor(root) {
    this.root = root;
    this.canvas = root.querySelector("canvas");
    this.ink = this.canvas.getContext("2d");
    this.store = document.createElement("canvas");
    this.store.width = COLUMNS;
    this.pen = null;
    this.palette = Array.from({ length: 256 }, (_, code) => shade((code - FLOOR) / (TOP - FLOOR)));
    this.still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.forget(0);
    this.drawn = 0;
    this.watch = setInterval(() => this.update && !this.update.on && this.words(this.update), 2_000);
    this.loop = (now) => {
      if (now - this.drawn >= FRAME_MS) this.draw(now);
      this.request = requestAnimationFrame(this.loop);
    };
    if (!this.still) this.request = requestAnimationFrame(this.loop);
  }

  forget(stream) {
    Object.assign(this, { stream, hop: 0, edge_s: 0, came: 0, hops: [] });
    if (this.pen) this.pen.clearRect(0, 0, COLUMNS, this.store.height);
  }

  /** @param {Update} update */
  take(update) {
    if (update.stream !== this.stream) this.forget(update.stream);
    this.update = update;
    const fresh = Math.min(update.hop - this.hop, update.peaks.length);
    if (fresh > 0) this.columns(bytes(update.rows), update.bands, fresh, update.hop);
    const known = this.hops.length ? this.hops[this.hops.length - 1][0] : 0;
    this.hops.push(...update.hops.filter(([number]) => number > known));
    this.hops = this.hops.filter(([number]) => number > update.hop - SPAN_S / HOP_S - 2);
    this.hop = Math.max(this.hop, update.hop);
    const now = performance.now();
    this.edge_s = Math.max(update.hop * HOP_S + update.age_s, Math.min(this.edge(now), update.hop * HOP_S + 0.5));
    this.came = now;
    this.words(update);
    this.draw(now);
  }

  edge(now) {
    return this.edge_s + (this.update?.on ? Math.min(1, (now - this.came) / 1000) : 0);
  }

  columns(rows, bands, fresh, hop) {
    if (this.store.height !== bands || !this.pen) {
      this.store.height = bands;
      this.pen = this.store.getContext("2d");
    }
    const image = this.pen.createImageData(1, bands);
    const count = fresh * ROWS_PER_HOP;
    const all = rows.length / bands;
    for (let place = 0; place < count; place += 1) {
      const row = (all - count + place) * bands;
      for (let band = 0; band < bands; band += 1) {
        const colour = this.palette[rows[row + band]];
        image.data.set([...colour, 255], (bands - 1 - band) * 4);
      }
      this.pen.putImageData(image, (hop * ROWS_PER_HOP - count + place) % COLUMNS, 0);
    }
  }

  words(update) {
    const peak = Math.max(0, ...update.peaks.slice(-6));
    const level = decibels(peak);
    const last = update.hops[update.hops.length - 1];
    const set = (name, value) => this.root.style.setProperty(name, value);
    set("--level", String((level + 60) / 60));
    set("--light", String(last && update.on ? (last[1] + 128) / 256 : 0));
    this.root.querySelector(".level b").textContent = update.on ? `${level.toFixed(0)} dB` : "–";
    this.root.querySelector(".chance b").textContent = last && update.on ? ((last[1] + 128) / 256).toFixed(2) : "–";
    if (update.on) this.hint("");
    else hindrance().then((why) => this.hint(this.update.on ? "" : why));
    this.say(".status", update.status);
    this.say(".who", update.who);
    this.root.classList.toggle("recording", update.recording);
    this.root.classList.toggle("clipping", peak > 0.985);
    this.root.classList.toggle("decides", update.threshold !== null);
    this.root.classList.toggle("event", Boolean(last && last[2] && update.on));
    Object.assign(this.root.dataset, {
      stream: update.stream, hop: update.hop, level: level.toFixed(1),
      code: last ? last[1] : "", event: last ? last[2] : 0,
    });
  }

  hint(text) {
    this.say(".hint", text);
  }

  say(where, text) {
    const place = this.root.querySelector(where);
    if (place.textContent !== text) place.textContent = text;
  }

  draw(now) {
    this.drawn = now;
    const { canvas, ink } = this;
    const ratio = devicePixelRatio || 1;
    const width = Math.round(canvas.clientWidth * ratio);
    const height = Math.round(canvas.clientHeight * ratio);
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    if (!width || !height) return;
    ink.fillStyle = "#0b1214";
    ink.fillRect(0, 0, width, height);
    const decides = this.update && this.update.threshold !== null;
    const picture = decides ? Math.round(height * 0.66) : height;
    const edge = this.edge(now);
    const x = (t) => width * (1 - (edge - t) / SPAN_S);
    if (this.pen) this.spread(x, picture);
    if (decides) this.decisions(x, picture, height, width, ratio);
    this.scale(x, edge, picture, width, ratio);
  }

  spread(x, picture) {
    const newest = this.hop * ROWS_PER_HOP;
    const shown = Math.min(newest, Math.ceil(SPAN_S / HOP_S) * ROWS_PER_HOP);
    for (let from = newest - shown; from < newest; ) {
      const until = Math.min(newest, (Math.floor(from / COLUMNS) + 1) * COLUMNS);
      const [left, right] = [from, until].map((column) => x((column * HOP_S) / ROWS_PER_HOP));
      this.ink.imageSmoothingEnabled = false;
      this.ink.drawImage(this.store, from % COLUMNS, 0, until - from, this.store.height, left, 0, right - left, picture);
      from = until;
    }
  }

  decisions(x, top, bottom, width, ratio) {
    const { ink } = this;
    const y = (chance) => bottom - 3 * ratio - chance * (bottom - top - 10 * ratio);
    ink.fillStyle = "#131d20";
    ink.fillRect(0, top, width, bottom - top);
    ink.fillStyle = "rgba(242, 171, 74, .28)";
    for (const [from, until] of spans(this.hops)) {
      ink.fillRect(x(from * HOP_S), top, x(until * HOP_S) - x(from * HOP_S), bottom - top);
    }
    ink.strokeStyle = "rgba(255,255,255,.45)";
    ink.lineWidth = ratio;
    ink.setLineDash([4 * ratio, 4 * ratio]);
    ink.beginPath();
    ink.moveTo(0, y(this.update.threshold));
    ink.lineTo(width, y(this.update.threshold));
    ink.stroke();
    ink.setLineDash([]);
    ink.strokeStyle = "#f2ab4a";
    ink.lineWidth = 2 * ratio;
    ink.beginPath();
    this.hops.forEach(([number, code], place) => {
      const at = [x(number * HOP_S), y((code + 128) / 256)];
      if (place) ink.lineTo(...at);
      else ink.moveTo(...at);
    });
    ink.stroke();
  }

  scale(x, edge, picture, width, ratio) {
    const { ink } = this;
    ink.fillStyle = "rgba(255,255,255,.62)";
    ink.font = `${11 * ratio}px sans-serif`;
    for (const khz of [2, 4, 6]) {
      const y = picture * (1 - khz / 8);
      ink.fillText(`${khz} kHz`, 6 * ratio, y - 3 * ratio);
      ink.fillRect(0, y, 5 * ratio, ratio);
    }
    for (let second = Math.ceil(edge - SPAN_S); second <= edge; second += 1) {
      ink.fillRect(x(second), picture - 4 * ratio, ratio, 4 * ratio);
    }
  }

  stop() {
    cancelAnimationFrame(this.request);
    clearInterval(this.watch);
  }
}

/** @param {{data: Update, parentElement: HTMLElement}} component */
export default function live({ data, parentElement }) {
  const root = parentElement.querySelector(".live");
  root.view ??= new View(root);
  root.view.take(data);
  return () => {
    if (!root.isConnected) root.view.stop();
  };
}
