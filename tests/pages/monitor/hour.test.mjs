import assert from 'node:assert/strict';
import test from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Events } from '../../../pages/components/monitor/events.mjs';
import { History } from '../../../pages/components/monitor/history.mjs';
import { LineDecoder } from '../../../pages/components/monitor/lines.mjs';
import { Log } from '../../../pages/components/monitor/log.mjs';
import { read } from '../../../pages/components/monitor/telemetry.mjs';
import { TwinTrack } from '../../../pages/components/monitor/twin.mjs';
import { hopLine } from './said.mjs';

const HOP_S = 0.032;
const LINES_AN_HOUR = Math.round(3600 / HOP_S);

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

/** What is held after collecting, the least of a few looks: the compiler works beside. */
async function bytesUsed() {
  const looks = [];
  for (let look = 0; look < 5; look++) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    looks.push(heapUsed + arrayBuffers);
  }
  return Math.min(...looks);
}

test('an hour of telemetry leaves memory flat', async () => {
  const parts = { decoder: new LineDecoder(), history: new History(), events: new Events(), log: new Log(), twin: new TwinTrack() };
  const encoder = new TextEncoder();
  const used = [];
  for (let hop = 31; hop < LINES_AN_HOUR + 31; hop++) {
    const text = hopLine(hop, { code: (hop % 256) - 128, event: Number(hop % 700 < 60), level: -(hop % 90) });
    for (const line of parts.decoder.push(encoder.encode(`${text}\n`))) {
      parts.log.push(line);
      const said = read(line);
      parts.history.push(said, hop * HOP_S);
      parts.events.push(said, hop * 32);
      parts.twin.push(1, [[hop, said.code, 0]]);
    }
    if (hop % 1_000 === 0) parts.history.columns(hop - 1875, hop, 700);
    if (hop === 10_000 || hop === 50_000 || hop === LINES_AN_HOUR) used.push(await bytesUsed());
  }
  const [early, ...later] = used;
  for (const bytes of later) assert.ok(Math.abs(bytes / early - 1) < 0.1, `${bytes} bytes after ${early}`);
  assert.equal(parts.history.columns(0, parts.history.newest + 1, 100).filter(({ known }) => known).length, 100);
  assert.ok(early < 30e6);
});
