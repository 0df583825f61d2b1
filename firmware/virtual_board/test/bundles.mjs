/** Bundles made for a test, in a folder that goes away with it. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundle, fastCore } from '../build.mjs';

/** Import a module as it is bundled for use: with the fast processor. @param {string} entry */
export async function importFast(entry) {
  const folder = await mkdtemp(join(tmpdir(), 'tinyml-lab-'));
  try {
    const file = join(folder, 'bundle.mjs');
    await bundle(entry, file, [fastCore]);
    return await import(pathToFileURL(file).href);
  } finally {
    await rm(folder, { recursive: true });
  }
}
