import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';
import { Modulator } from '../modulator.mjs';

const vectors = JSON.parse(await readFile(new URL('../../../tests/vectors/pdm.json', import.meta.url)));

test('words are those of the shared vectors', () => {
  assert.deepEqual([...new Modulator().modulate(Int16Array.from(vectors.samples))], vectors.words);
});

test('sound may come in pieces of any length', () => {
  const modulator = new Modulator();
  const samples = Int16Array.from(vectors.samples);
  const pieces = [0, 1, 8, 8, 100, samples.length];
  const words = pieces.slice(1).flatMap((end, index) => [...modulator.modulate(samples.subarray(pieces[index], end))]);
  assert.deepEqual(words, vectors.words);
});
