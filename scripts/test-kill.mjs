// npm run test:kill [-- --kills N --seed N]: kills a training (kill -9) at random moments and starts it again, until it has been killed N
// times; each time that it comes to its end, weights, optimizer, history and log must have the bits of a training that nobody killed.
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

const { kills, seed } = parseArgs({ options: { kills: { type: 'string', default: '50' }, seed: { type: 'string', default: '1' } } }).values;
ensureAll();
step('training without interruption');
const folders = [newFolder()];
const began = performance.now();
await train(folders[0], null);
const duration = performance.now() - began;
const expected = resultOf(folders[0]);
const draws = random(Number(seed));
const report = { passed: 0, failed: 0 };
for (let killed = 0; killed < Number(kills);) {
  const folder = newFolder();
  folders.push(folder);
  let ended = false;
  while (!ended) {
    ended = await train(folder, killed < Number(kills) ? Math.round(draws.next().value * duration) : null);
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
step(`${kills} kills: ${report.passed} trainings ended with the same bits, ${report.failed} did not`);
mkdirSync(path.join(root, 'build/reports'), { recursive: true });
writeFileSync(path.join(root, 'build/reports/kill.json'), JSON.stringify(report)); // read by scripts/ci-summary.mjs
process.exit(report.failed === 0 && report.passed > 0 ? 0 : 1);
