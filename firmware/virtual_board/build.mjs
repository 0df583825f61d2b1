/** Bundles the virtual board for Node into build/run.mjs. */

import { build } from 'esbuild';

await build({
  entryPoints: ['run.mjs'],
  outfile: 'build/run.mjs',
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node18',
  logLevel: 'warning',
});
