import assert from 'node:assert/strict';
import test from 'node:test';
import { Asking } from '../../../pages/components/monitor/asking.mjs';
import { Link } from '../../../pages/components/monitor/link.mjs';

const named = (name, message = name) => Object.assign(new Error(message), { name });
const soon = () => new Promise((resolve) => setImmediate(resolve));

/** A port whose board says what a test puts in. */
class FakeLine {
  constructor(problem = null) {
    Object.assign(this, { problem, waiting: [], said: [], isOpen: false, opened: 0 });
  }

  async open() {
    if (this.problem) throw this.problem;
    this.isOpen = true;
    this.opened++;
  }

  read() {
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }));
  }

  async say(text) {
    await soon();
    this.waiting.shift().resolve(text === null ? null : new TextEncoder().encode(text));
    await soon();
  }

  async unplug() {
    await soon();
    this.waiting.shift().reject(named('NetworkError', 'The device has been lost.'));
    await soon();
  }

  async write(bytes) {
    this.said.push(new TextDecoder().decode(bytes));
  }

  async close() {
    this.isOpen = false;
    for (const { resolve } of this.waiting.splice(0)) resolve(null);
  }

  isLike(other) {
    return other instanceof FakeLine;
  }
}

function linked(chosen, known = []) {
  const seen = { states: [], text: '', error: null };
  let waits = 0;
  const transport = {
    choose: async () => {
      if (chosen instanceof Error) throw chosen;
      return chosen;
    },
    known: async () => known,
    wait: async () => {
      waits++;
      await soon();
    },
  };
  const link = new Link(transport, {
    onState: (state, error) => {
      seen.states.push(state);
      seen.error = error ?? null;
    },
    onBytes: (bytes) => (seen.text += new TextDecoder().decode(bytes)),
  });
  return { link, seen, known, waits: () => waits };
}

test('what a board says arrives until the person lets go', async () => {
  const line = new FakeLine();
  const { link, seen } = linked(line);
  const over = link.connect();
  await line.say('one');
  await line.say(' two');
  await link.send('who\n');
  await link.disconnect();
  await over;
  assert.deepEqual([seen.text, seen.states, line.said, line.isOpen], ['one two', ['opening', 'open', 'idle'], ['who\n'], false]);
});

for (const gone of ['unplug', 'end']) {
  test(`a board that is gone by ${gone} comes back by itself`, async () => {
    const [before, after] = [new FakeLine(), new FakeLine()];
    const { link, seen, known } = linked(before);
    const over = link.connect();
    await before.say('before ');
    await (gone === 'end' ? before.say(null) : before.unplug());
    for (let turn = 0; turn < 5; turn++) await soon();
    assert.equal(seen.states.at(-1), 'lost');
    known.push(after);
    while (!after.isOpen) await soon();
    await after.say('after');
    await link.disconnect();
    await over;
    assert.equal(seen.text, 'before after');
    assert.deepEqual(seen.states, ['opening', 'open', 'lost', 'open', 'idle']);
  });
}

test('a port that the system still holds after a reset is tried again', async () => {
  const [before, after] = [new FakeLine(), new FakeLine(named('NetworkError'))];
  const { link, seen, waits } = linked(before, [after]);
  const over = link.connect();
  await before.unplug();
  while (waits() < 10) await soon();
  after.problem = null;
  while (!after.isOpen) await soon();
  await link.disconnect();
  await over;
  assert.deepEqual(seen.states, ['opening', 'open', 'lost', 'open', 'idle']);
});

test('a board that never comes back is given up', async () => {
  const line = new FakeLine();
  const { link, seen, waits } = linked(line);
  const over = link.connect();
  await line.unplug();
  await over;
  assert.equal(waits(), 1_500);
  assert.deepEqual([seen.states.at(-1), seen.error.message], ['failed', 'The board did not come back.']);
});

test('a held port is a failure that can be tried again', async () => {
  const line = new FakeLine(named('NetworkError', 'Failed to open serial port.'));
  const { link, seen } = linked(line);
  await link.connect();
  assert.deepEqual([seen.states, seen.error.name], [['opening', 'failed'], 'NetworkError']);
  line.problem = null;
  const over = link.connect();
  await line.say('hello');
  await link.disconnect();
  await over;
  assert.equal(seen.text, 'hello');
});

test('choosing nothing is a failure, and letting go meanwhile is none', async () => {
  const { link, seen } = linked(named('NotFoundError'));
  await link.connect();
  assert.equal(seen.states.at(-1), 'failed');
  const other = linked(new FakeLine());
  const over = other.link.connect();
  await other.link.disconnect();
  await over;
  assert.deepEqual(other.seen.states, ['opening', 'idle']);
});

test('letting go while the board is away ends the wait', async () => {
  const line = new FakeLine();
  const { link, seen } = linked(line);
  const over = link.connect();
  await line.unplug();
  await link.disconnect();
  await over;
  assert.equal(seen.states.at(-1), 'idle');
  await assert.rejects(link.send('who\n'), /no board is connected/);
});

test('an answer finds its command, by number', async () => {
  const sent = [];
  const asking = new Asking((text) => void sent.push(text), () => new Promise(() => {}));
  const [first, second] = [asking.ask('who'), asking.ask('led event')];
  await soon();
  assert.deepEqual(sent, ['1 who\n', '2 led event\n']);
  assert.equal(asking.take({ ack: 2, ok: true }), true);
  assert.equal(asking.take({ ack: 1, ok: false }), true);
  assert.equal(asking.take({ ack: 9, ok: true }), false);
  assert.deepEqual([(await first).ok, (await second).ok], [false, true]);
});

test('a board that stays silent, goes away or cannot be written to is told', async () => {
  const silent = new Asking(() => {}, soon);
  await assert.rejects(silent.ask('who'), /did not answer/);
  const gone = new Asking(() => {}, () => new Promise(() => {}));
  const asked = gone.ask('who');
  gone.end();
  await assert.rejects(asked, /went away/);
  const closed = new Asking(() => Promise.reject(new Error('no board is connected.')), () => new Promise(() => {}));
  await assert.rejects(closed.ask('who'), /could not be sent: no board/);
});
