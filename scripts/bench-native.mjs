// npm run bench:native [-- name ...]: the native benchmarks of benchmarks/native, all or those named.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { addonKernels, cmakeBuild } from './helpers/cmake.mjs';
import { ensureAddon } from './helpers/ensure.mjs';
import { fail, root, run, step } from './helpers/process.mjs';

const known = readdirSync(path.join(root, 'benchmarks/native')).filter((name) => name.endsWith('.cc')).map((name) => name.slice(0, -3));
const wanted = process.argv.length > 2 ? process.argv.slice(2) : known;
ensureAddon();
for (const name of wanted) {
  if (!known.includes(name)) fail(`bench:native: expected one of ${known.join(', ')}, received ${name}`);
  const folder = cmakeBuild('release', [`bench_${name}`], addonKernels);
  step(`running ${name}`);
  if (run(path.join(folder, 'benchmarks', `bench_${name}`), []) !== 0) fail(`${name} failed`);
}
