/** Draws an hour or ten seconds of a board: probability with its twin's, events, level, light. */

import { HOP_S, probability } from './telemetry.mjs';

const COLOURS = {
  light: { ours: '#0f6e6b', theirs: '#b4506f', event: 'rgba(217,138,31,.26)', level: '#3b6ea5', led: '#d98a1f', ink: 'rgba(29,37,40,.68)', line: 'rgba(29,37,40,.14)' },
  dark: { ours: '#4fc4b8', theirs: '#e38ba6', event: 'rgba(242,171,74,.26)', level: '#7fb0e6', led: '#f2ab4a', ink: 'rgba(228,233,232,.72)', line: 'rgba(228,233,232,.16)' },
};
const LEAST_DB = -96;
const LED_SHARE = 0.07;
const LEVEL_SHARE = 0.25;
const MOST_COLUMNS = 1600;

/** @param {string} colour as getComputedStyle gives it @returns {boolean} whether text of it stands on a dark page */
export function isBright(colour) {
  const parts = colour.match(/[\d.]+/g)?.slice(0, 3).map(Number) ?? [0, 0, 0];
  const scale = colour.startsWith('color(') ? 255 : 1;
  return (0.3 * parts[0] + 0.6 * parts[1] + 0.1 * parts[2]) * scale > 128;
}

/**
 * @typedef {object} Scene
 * @property {import('./history.mjs').History} history
 * @property {import('./twin.mjs').TwinTrack} twin
 * @property {number} span_s time shown
 * @property {number | null} threshold code
 * @property {boolean} isDark
 */

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Scene} scene
 */
export function draw(canvas, { history, twin, span_s, threshold, isDark }) {
  const ratio = devicePixelRatio || 1;
  const width = Math.round(canvas.clientWidth * ratio);
  const height = Math.round(canvas.clientHeight * ratio);
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  if (!width || !height) return;
  const colours = COLOURS[isDark ? 'dark' : 'light'];
  const ink = canvas.getContext('2d');
  ink.clearRect(0, 0, width, height);
  const until = history.newest + 1;
  const from = until - span_s / HOP_S;
  const count = Math.min(width, MOST_COLUMNS, Math.round(span_s / HOP_S));
  const columns = history.columns(from, until, count);
  const led = Math.round(height * LED_SHARE);
  const levels = { top: Math.round(height * (1 - LED_SHARE - LEVEL_SHARE)), bottom: height - led - 4 * ratio };
  const chances = { top: 8 * ratio, bottom: levels.top - 8 * ratio };
  const room = { ink, colours, ratio, width, columns, x: (column) => (width * column) / count };
  shade(room, chances);
  grid(room, chances, levels, from, until);
  if (threshold !== null) limit(room, chances, threshold);
  band(room, levels, colours.level, (column) => [share(column.quiet), share(column.loud)]);
  band(room, chances, colours.ours, (column) => [probability(column.low), probability(column.high)]);
  twinCurve(room, chances, twin, from, until, count);
  lights(room, height, led);
}

const share = (db) => 1 - Math.max(LEAST_DB, db) / LEAST_DB;
const at = ({ top, bottom }, value) => bottom - value * (bottom - top);

function shade({ ink, colours, columns, x }, place) {
  ink.fillStyle = colours.event;
  columns.forEach(({ event }, column) => {
    if (event) ink.fillRect(x(column), place.top, x(column + 1) - x(column), place.bottom - place.top);
  });
}

function grid({ ink, colours, ratio, width }, chances, levels, from, until) {
  ink.fillStyle = colours.line;
  for (const value of [0, 0.5, 1]) ink.fillRect(0, at(chances, value), width, ratio);
  ink.fillRect(0, levels.bottom, width, ratio);
  ink.fillStyle = colours.ink;
  ink.font = `${11 * ratio}px sans-serif`;
  ink.textAlign = 'left';
  for (const value of [0, 0.5, 1]) ink.fillText(String(value), 2 * ratio, at(chances, value) + (value === 1 ? 11 : -3) * ratio);
  ink.fillText('dB', 2 * ratio, levels.top + 10 * ratio);
  const span_s = (until - from) * HOP_S;
  const step_s = [1, 2, 10, 60, 120, 600].find((seconds) => span_s / seconds <= 10) ?? 1200;
  ink.textAlign = 'center';
  for (let ago = step_s; ago < span_s; ago += step_s) {
    const x = width * (1 - ago / span_s);
    ink.fillRect(x, chances.bottom, ratio, 4 * ratio);
    if (x > 30 * ratio && (span_s / step_s <= 6 || Math.round(ago / step_s) % 2 === 0)) ink.fillText(ago % 60 ? `−${ago} s` : `−${ago / 60} min`, x, levels.top + 10 * ratio);
  }
}

function limit({ ink, colours, ratio, width }, chances, threshold) {
  ink.strokeStyle = colours.ink;
  ink.lineWidth = ratio;
  ink.setLineDash([4 * ratio, 4 * ratio]);
  ink.beginPath();
  ink.moveTo(0, at(chances, probability(threshold)));
  ink.lineTo(width, at(chances, probability(threshold)));
  ink.stroke();
  ink.setLineDash([]);
}

/** A curve where a column has one value, a filled stretch where it has many. */
function band({ ink, colours, ratio, columns, x }, place, colour, values) {
  ink.strokeStyle = colour;
  ink.lineWidth = 1.6 * ratio;
  ink.lineJoin = 'round';
  ink.beginPath();
  let isJoined = false;
  columns.forEach((column, index) => {
    if (!column.known) {
      isJoined = false;
      return;
    }
    const middle = (x(index) + x(index + 1)) / 2;
    const [low, high] = values(column).map((value) => at(place, value));
    if (isJoined) ink.lineTo(middle, low);
    else ink.moveTo(middle, low);
    ink.lineTo(middle, high - (low === high ? 0.1 : 0));
    isJoined = true;
  });
  ink.stroke();
}

function twinCurve({ ink, colours, ratio, x }, place, twin, from, until, count) {
  if (twin.lag === null) return;
  ink.strokeStyle = colours.theirs;
  ink.lineWidth = 1.4 * ratio;
  ink.setLineDash([5 * ratio, 3 * ratio]);
  ink.beginPath();
  let isJoined = false;
  const first = Math.max(from, twin.newest + twin.lag - twin.capacity);
  for (let hop = Math.ceil(first); hop < until; hop++) {
    const code = twin.codeAt(hop);
    const point = [x(((hop - from) / (until - from)) * count), code === null ? 0 : at(place, probability(code))];
    if (code !== null) isJoined ? ink.lineTo(...point) : ink.moveTo(...point);
    isJoined = code !== null;
  }
  ink.stroke();
  ink.setLineDash([]);
}

function lights({ ink, colours, columns, x }, height, led) {
  ink.fillStyle = colours.led;
  columns.forEach((column, index) => {
    if (!column.known) return;
    ink.globalAlpha = Math.sqrt(column.led / 255);
    ink.fillRect(x(index), height - led, x(index + 1) - x(index) + 0.5, led);
  });
  ink.globalAlpha = 1;
}
