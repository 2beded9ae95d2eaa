// A child of scripts/fuzz.mjs: makes the calls of the seeds `from` … `to - 1` of a suite and writes what each came to, a JSON line each, to
// descriptor 3. With `show` it prints the calls instead.
import { readFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Random } from './random.mjs';
import { blame, digest } from './verdict.mjs';

const { root, suite, from, to, only, show } = JSON.parse(process.argv[2]);
const signatures = JSON.parse(readFileSync(path.join(root, 'build/fuzz/signatures.json'), 'utf8')).signatures;
const keras = await import(pathToFileURL(path.join(root, 'dist/index.js')).href);
const { prepare, wait = 5000 } = await import(`./${suite}.mjs`);
const make = prepare({ keras, signatures, only });

const say = (line) => (show ? console.error(line) : writeSync(3, `${JSON.stringify(line)}\n`));
let now = from;
process.on('unhandledRejection', (error) => {
  const wrong = blame(error);
  if (wrong !== null) say({ seed: now, wrong: `a rejection that nobody awaits: ${wrong}`, text: '' });
});
if (!show) {
  for (const method of ['log', 'warn', 'error', 'info']) console[method] = () => undefined;
  process.stdout.write = () => true;
  process.stderr.write = () => true;
}

const settled = async (value) =>
  value instanceof Promise ? Promise.race([value, new Promise((resolve) => setTimeout(resolve, wait, null).unref())]) : value;

async function judge(seed) {
  keras.utils.setRandomSeed(seed % 0x7fffffff);
  let made;
  try {
    made = make(new Random(seed));
  } catch (error) {
    return { wrong: `the fuzzer cannot make this call: ${error.stack}`, text: () => '' };
  }
  const { text, run } = made;
  if (show) console.error(text());
  try {
    const value = await settled(run());
    try {
      return { digest: digest(keras, value), text };
    } catch (error) {
      return { wrong: `a result that is not whole: ${error.message}`, text };
    }
  } catch (error) {
    if (show) console.error(error);
    return { digest: 'error', wrong: blame(error), text };
  }
}

for (let seed = from; seed < to; seed++) {
  now = seed;
  say({ start: seed });
  const { wrong = null, text, digest: found } = await judge(seed);
  say(wrong === null ? { seed, digest: found } : { seed, digest: found, wrong, text: text() });
  if (seed % 64 === 0) await new Promise((resolve) => setImmediate(resolve)); // timers, rejections, finalizers
}
process.exit(0);
