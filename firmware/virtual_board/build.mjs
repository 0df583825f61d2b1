/** Bundles the virtual board: for Node into build/, and for pages that run it in a Worker; with the fast processor. */

import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { withRunSlice } from './fast_core.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));

/** An esbuild plugin that makes rp2040js' processor fast. */
export const fastCore = {
  name: 'fast-core',
  setup({ onLoad }) {
    onLoad({ filter: /rp2040js[\\/]dist[\\/]esm[\\/]cortex-m0-core\.js$/ }, async ({ path }) => ({
      contents: withRunSlice(await readFile(path, 'utf8')),
    }));
  },
};

/** An esbuild plugin: `import source from 'worker:./NAME.mjs'` is the text of a script for a Worker. */
export const workers = {
  name: 'workers',
  setup({ onResolve, onLoad, initialOptions: { nodePaths, target } }) {
    onResolve({ filter: /^worker:/ }, ({ path, resolveDir }) => ({
      path: resolve(resolveDir, path.slice('worker:'.length)), namespace: 'worker',
    })); // prettier-ignore
    onLoad({ filter: /.*/, namespace: 'worker' }, async ({ path }) => {
      const { outputFiles } = await build({
        entryPoints: [path], plugins: [fastCore], bundle: true, write: false, format: 'iife', target, nodePaths,
        logLevel: 'error',
      }); // prettier-ignore
      return { contents: outputFiles[0].text, loader: 'text' };
    });
  },
};

/**
 * Bundle one of this folder's modules.
 * @param {string} entry
 * @param {string} outfile relative to this folder, or absolute
 * @param {object[]} [plugins] none leaves the processor as the package has it
 */
export async function bundle(entry, outfile, plugins = [fastCore]) {
  await build({
    absWorkingDir: HERE,
    entryPoints: [entry],
    outfile,
    plugins,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node18',
    logLevel: 'warning',
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const name of ['run.mjs', 'bare.mjs']) await bundle(name, `build/${name}`);
}
