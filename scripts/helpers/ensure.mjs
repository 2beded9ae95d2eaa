// What every command calls first: it installs or builds what is missing or older than its sources, and says so. Works before
// `npm install`, so it imports nothing but Node. Staleness is a hash of the inputs, kept in build/stamps.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { buildAddon } from '../build-addon.mjs';
import { bundle, packageEntries } from './bundle.mjs';
import { fail, node, root, run, step } from './process.mjs';

const at = (...parts) => path.join(root, ...parts);

/** Files below a folder, as sorted paths from the root; none when the folder does not exist. */
export function filesBelow(folder, pattern = /./) {
  if (!existsSync(at(folder))) return [];
  const entries = readdirSync(at(folder), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const files = entries.map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)));
  return files.filter((file) => pattern.test(file)).sort();
}

function hashOf(files, extra) {
  const hash = createHash('sha256').update(JSON.stringify(extra));
  for (const file of files) hash.update(`\0${file}\0`).update(existsSync(at(file)) ? readFileSync(at(file)) : '');
  return hash.digest('hex');
}

/** Runs `make` unless the inputs are those of its last success and the products are all there. Ends the command on failure. */
function whenStale(name, inputs, extra, products, make) {
  const stamp = at('build/stamps', name);
  const hash = hashOf(inputs(), extra);
  const isFresh = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === hash && products().every((file) => existsSync(at(file)));
  if (isFresh()) return;
  withLock(() => {
    if (isFresh()) return; // another command built it while this one waited
    rmSync(stamp, { force: true });
    if (!make()) throw new Error(`${name}: build failed, see above`);
    mkdirSync(path.dirname(stamp), { recursive: true });
    writeFileSync(stamp, hash);
  });
}

/** Commands may run side by side; only one of them builds. */
function withLock(action) {
  const lock = at('build/lock');
  mkdirSync(path.dirname(lock), { recursive: true });
  for (let said = false; !takeLock(lock); said = true) {
    if (!said) step('waiting for another build to end');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  }
  try {
    action();
  } catch (error) {
    rmSync(lock, { force: true });
    fail(error.message);
  }
  rmSync(lock, { force: true });
}

function takeLock(lock) {
  try {
    writeFileSync(lock, `${process.pid}`, { flag: 'wx' });
    return true;
  } catch {
    const owner = existsSync(lock) ? Number(readFileSync(lock, 'utf8')) : 0;
    if (owner && !isRunning(owner)) rmSync(lock, { force: true });
    return false;
  }
}

function isRunning(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Installs the packages of package-lock.json unless node_modules holds these very versions. */
export function ensureDependencies() {
  const wanted = JSON.parse(readFileSync(at('package-lock.json'), 'utf8')).packages;
  const found = existsSync(at('node_modules/.package-lock.json'))
    ? JSON.parse(readFileSync(at('node_modules/.package-lock.json'), 'utf8')).packages
    : {};
  const stale = Object.entries(wanted).some(([place, { version, optional }]) =>
    place !== '' && (found[place] ? found[place].version !== version : !optional));
  if (!stale) return;
  step('installing packages (npm ci)');
  const status = run('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'], {
    shell: process.platform === 'win32',
  });
  if (status !== 0) fail('npm ci failed, see above');
}

/** Builds the native addon unless it is newer than everything it is made from. */
export function ensureAddon() {
  ensureDependencies();
  const recipe = ['binding.gyp', 'scripts/native-sources.mjs', 'scripts/isas.json', 'node_modules/node-addon-api/package.json'];
  const inputs = () => [...recipe, ...filesBelow('native')];
  const extra = [process.platform, process.arch, process.env.CXX, process.env.CXXFLAGS];
  whenStale('addon', inputs, extra, () => ['build/Release/keratin.node'], buildAddon);
}

/** Source folders of the TypeScript projects, and where their JavaScript goes. */
const outputs = { lib: 'dist', test: 'build/test', examples: 'build/examples', benchmarks: 'build/benchmarks', docs: 'build/docs' };

const sourcesIn = (folder) => filesBelow(folder, /(?<!\.d)\.ts$/);
const productOf = (file) => {
  const [folder] = file.split(path.sep);
  return path.join(outputs[folder], path.relative(folder, file)).replace(/\.ts$/, '.js');
};

/** Compiles lib to dist, and tests, examples, benchmarks and docs to build, unless they are up to date. */
export function ensureTypeScript() {
  ensureDependencies();
  const sources = () => Object.keys(outputs).flatMap(sourcesIn);
  const inputs = () => [...readdirSync(root).filter((name) => /^(tsconfig|package).*\.json$/.test(name)), ...sources()];
  const products = () => [...sources().map(productOf), ...packageEntries().map(({ file }) => path.normalize(file))];
  whenStale('typescript', inputs, [], products, () => compile(products()));
}

function compile(products) {
  step('compiling TypeScript (lib to dist; test, examples, benchmarks, docs to build)');
  prune(new Set(products));
  const missing = products.some((file) => !existsSync(at(file)));
  if (node(['node_modules/typescript-native/bin/tsc', '--build', ...(missing ? ['--force'] : [])]) !== 0) return false;
  return bundle(packageEntries());
}

/** Removes the outputs of sources that are gone: a deleted test must not run on. */
function prune(products) {
  for (const folder of Object.values(outputs)) {
    for (const file of filesBelow(folder, /\.(js|d\.ts)(\.map)?$/)) {
      if (!products.has(file.replace(/\.(js|d\.ts)(\.map)?$/, '.js'))) rmSync(at(file));
    }
  }
}

/** Everything that running the library needs. */
export function ensureAll() {
  ensureAddon();
  ensureTypeScript();
}
