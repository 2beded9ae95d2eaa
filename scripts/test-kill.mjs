// npm run test:kill [-- trainings saves --kills N --seed N]: kills a training (kill -9) at random moments and starts it again, until it has
// been killed N times; each time that it comes to its end, weights, optimizer, history and log must have the bits of a training that nobody
// killed. Then it kills a program that saves a model again and again: each file that it leaves must be whole.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ensureAll } from './helpers/ensure.mjs';
import { root, step } from './helpers/process.mjs';

/** Runs the training in a folder; kills it after so many milliseconds. Resolves to whether it came to its end. */
function train(folder, after) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['test/kill/train.mjs', folder], { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] });
    const timer = after === null ? null : setTimeout(() => child.kill('SIGKILL'), after);
    let errors = '';
    child.stderr.on('data', (data) => (errors += data));
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) resolve(true);
      else if (signal === 'SIGKILL') resolve(false);
      else reject(new Error(`the training ended with ${code ?? signal}:\n${errors}`));
    });
  });
}

/** What is wrong with a file that was left: it must load, with the weights of one time, all of the same number. */
async function wrongWith(keras, file) {
  const { saving, Sequential, Input, layers } = keras;
  const isModel = /(\.keras|m\.h5)$/.test(file);
  try {
    const model = isModel ? await saving.loadModel(file, { compile: false })
      : new Sequential([Input({ shape: [64] }), new layers.Dense(256, { name: 'a' }), new layers.Dense(64, { name: 'b' })], { name: 'm' });
    if (!isModel) await model.loadWeights(file);
    const numbers = new Set(model.getWeights().flatMap((weight) => [...weight.data]));
    return numbers.size === 1 ? null : `has the weights of ${numbers.size} times`;
  } catch (error) {
    return error.message;
  }
}

/** Kills test/kill/save.mjs so many times. */
async function killSaves(kills, draws, report) {
  step('killing a program that saves');
  const keras = await import('../dist/index.js');
  const folder = newFolder();
  for (let killed = 0; killed < kills; killed++) {
    await new Promise((resolve) => {
      const child = spawn(process.execPath, ['test/kill/save.mjs', folder], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
      child.stdout.once('data', () => setTimeout(() => child.kill('SIGKILL'), draws.next().value * 600));
      child.on('close', resolve);
    });
    for (const name of ['m.keras', 'm.h5', 'm.weights.h5', 'm.safetensors', 'm.weights.json']) {
      const problem = await wrongWith(keras, path.join(folder, name));
      report[problem === null ? 'passed' : 'failed']++;
      if (problem !== null) console.log(`kill ${killed + 1}: ${name}: ${problem}`);
    }
  }
  rmSync(folder, { recursive: true, force: true });
}

const newFolder = () => mkdtempSync(path.join(tmpdir(), 'keratin-kill-'));
const resultOf = (folder) => ['result.json', 'log.csv'].map((file) => readFileSync(path.join(folder, file), 'utf8')).join('\n');

/** Numbers between 0 and 1 by a seed (xorshift32). */
function* random(seed) {
  for (let state = seed | 1; ;) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    yield (state >>> 0) / 2 ** 32;
  }
}

/** Kills trainings so many times in all. */
async function killTrainings(kills, draws, report) {
  step('training without interruption');
  const folders = [newFolder()];
  const began = performance.now();
  await train(folders[0], null);
  const duration = performance.now() - began;
  const expected = resultOf(folders[0]);
  for (let killed = 0; killed < kills;) {
    const folder = newFolder();
    folders.push(folder);
    let ended = false;
    while (!ended) {
      ended = await train(folder, killed < kills ? Math.round(draws.next().value * duration) : null);
      if (ended) break;
      killed++;
      if (existsSync(path.join(folder, 'result.json'))) break; // killed after its end
    }
    if (!existsSync(path.join(folder, 'result.json'))) continue;
    const same = resultOf(folder) === expected;
    report[same ? 'passed' : 'failed']++;
    if (!same) console.log(`after ${killed} kills: other bits\n${resultOf(folder)}\ninstead of\n${expected}`);
  }
  folders.forEach((folder) => rmSync(folder, { recursive: true, force: true }));
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { kills: { type: 'string', default: '50' }, seed: { type: 'string', default: '1' } },
});
ensureAll();
const report = { passed: 0, failed: 0 };
for (const [name, kill] of Object.entries({ trainings: killTrainings, saves: killSaves }))
  if (positionals.length === 0 || positionals.includes(name)) await kill(Number(values.kills), random(Number(values.seed)), report);
step(`${values.kills} kills each: ${report.passed} trainings and files are whole, ${report.failed} are not`);
mkdirSync(path.join(root, 'build/reports'), { recursive: true });
writeFileSync(path.join(root, 'build/reports/kill.json'), JSON.stringify(report)); // read by scripts/ci-summary.mjs
process.exit(report.failed === 0 && report.passed > 0 ? 0 : 1);
