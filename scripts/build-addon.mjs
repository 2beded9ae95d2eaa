// Builds build/Release/keratin.node with node-gyp and checks the kernels' objects. Also works inside an installed package, where
// node-gyp and node-addon-api must be installed beside it.
import { copyFileSync, existsSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { checkObjects } from './check-objects.mjs';
import { fail, isProgram, node, root, step } from './helpers/process.mjs';

/** Builds what is out of date, with all cores. Returns whether it succeeded. */
export function buildAddon() {
  // In an installed package the recipe lies where package managers do not look for it.
  if (!existsSync('binding.gyp')) copyFileSync('scripts/binding.gyp', 'binding.gyp');
  const prefix = path.resolve(path.dirname(realpathSync(process.execPath)), '..');
  const hasHeaders = existsSync(path.join(prefix, 'include/node/node.h')); // otherwise node-gyp downloads them
  step(`building the native addon (node-gyp, ${os.availableParallelism()} jobs, headers ${hasHeaders ? `in ${prefix}` : 'downloaded'})`);
  const args = ['configure', 'build', '--silent', '--jobs', `${os.availableParallelism()}`];
  if (hasHeaders) args.push(`--nodedir=${prefix}`);
  const quietMake = { env: { ...process.env, MAKEFLAGS: '-s --no-print-directory' } };
  if (node([locateNodeGyp(), ...args], quietMake) !== 0) return false;
  const problems = checkObjects();
  problems.forEach((problem) => console.error(problem));
  return problems.length === 0;
}

function locateNodeGyp() {
  const require = createRequire(import.meta.url);
  try {
    require.resolve('node-addon-api');
    return require.resolve('node-gyp/bin/node-gyp.js');
  } catch {
    return fail('building the addon needs two packages: npm install --no-save node-gyp@12 node-addon-api@8');
  }
}

if (isProgram(import.meta.url)) {
  process.chdir(root);
  process.exit(buildAddon() ? 0 : 1);
}
