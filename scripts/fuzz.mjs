// npm run fuzz [-- SUITE --count N --minutes N --from SEED --seed N --only NAME --asan --jobs N]: random calls of the public functions and
// classes with hostile arguments, in child processes under limits of time and memory. Each seed is one call. A suite is a file of test/fuzz
// that exports `prepare`; the first is `calls`. Every call is made by two processes whose new memory is filled with different bytes
// (KERATIN_CANARY): where their results differ, memory was read that nobody wrote. `--seed N` shows one call and what it comes to.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { buildSanitizedAddon, sanitizerEnvironment } from './helpers/asan.mjs';
import { ensureAll } from './helpers/ensure.mjs';
import { fail, isProgram, root, step } from './helpers/process.mjs';
import { readSignatures } from './helpers/signatures.mjs';

/** Seconds that a call may take, of processor time in all threads of a process and by the clock of a busy machine. */
const LIMIT = { processor: 20, clock: 120 };
/** Kibibytes of address space of a child. */
const ADDRESS_SPACE = 6 * 1024 * 1024;
/** Calls of one child, which keeps plans and names of all before. */
const BATCH = 500;
const CANARIES = ['123', '245'];

/** One child, and what it said: events by seed. */
class Child {
  constructor(job, canary, asan) {
    this.job = job;
    this.found = new Map();
    this.current = null;
    const args = ['--max-old-space-size=2048', '--no-warnings', path.join(root, 'test/fuzz/worker.mjs'), JSON.stringify(job)];
    const limited = process.platform === 'linux' && !asan;
    const [program, given] = limited
      ? ['sh', ['-c', `ulimit -v ${ADDRESS_SPACE}; ulimit -c 0; exec "$0" "$@"`, process.execPath, ...args]]
      : [process.execPath, args];
    const env = { ...process.env, KERATIN_CANARY: canary, KERATIN_NUM_THREADS: '2', ...(asan ? sanitizerEnvironment() : {}) };
    this.process = spawn(program, given, { cwd: root, env, stdio: ['ignore', 'ignore', 'pipe', 'pipe'] });
    this.errors = '';
    this.process.stderr.on('data', (data) => (this.errors = (this.errors + data).slice(-6000)));
    createInterface({ input: this.process.stdio[3] }).on('line', (line) => this.hear(JSON.parse(line)));
    this.watch = setInterval(() => this.check(), 1000);
    this.ended = new Promise((resolve) => this.process.on('close', (code, signal) => {
      clearInterval(this.watch);
      resolve(code === 0 ? null : (this.stopped ?? `ended by ${signal ?? `exit code ${code}`}`));
    }));
  }

  hear(event) {
    if (event.start !== undefined) {
      this.current = event.start;
      this.began = { clock: Date.now(), processor: this.processorTime() };
    } else {
      this.found.set(event.seed, event);
    }
  }

  check() {
    if (this.current === null || this.found.has(this.current)) return;
    const spent = this.processorTime() - this.began.processor;
    if (spent < LIMIT.processor && Date.now() - this.began.clock < LIMIT.clock * 1000) return;
    this.stopped = `no end after ${Math.round((Date.now() - this.began.clock) / 1000)} s`;
    this.process.kill('SIGKILL');
  }

  /** Seconds that the child has computed; 0 where the system does not say. */
  processorTime() {
    try {
      const fields = readFileSync(`/proc/${this.process.pid}/stat`, 'utf8').split(') ')[1].split(' ');
      return (Number(fields[11]) + Number(fields[12])) / 100;
    } catch {
      return 0;
    }
  }
}

/** Makes the calls of seeds `from` … `to - 1`. `report` gets each failure. Returns how many calls were made. */
async function runBatch(job, asan, report) {
  for (let from = job.from; from < job.to;) {
    const children = CANARIES.map((canary) => new Child({ ...job, from }, canary, asan));
    const ends = await Promise.all(children.map((child) => child.ended));
    const died = children.map((child, i) => (ends[i] === null ? Infinity : (child.current ?? from)));
    const stop = Math.min(job.to, ...died);
    for (let seed = from; seed < stop; seed++) compare(seed, children, report);
    const first = died.indexOf(stop);
    if (stop < job.to && first >= 0) {
      const { errors } = children[first];
      report({ seed: stop, wrong: `${ends[first]}${errors === '' ? '' : `: ${lastWords(errors)}`}`, text: '' });
    }
    from = stop + 1;
  }
}
function lastWords(errors) {
  const lines = errors.split('\n').filter((line) => line.trim() !== '');
  return (lines.find((line) => /ERROR|FATAL|Error/.test(line)) ?? lines.at(-1) ?? '').slice(0, 300);
}
function compare(seed, children, report) {
  const [a, b] = children.map((child) => child.found.get(seed));
  const wrong = a?.wrong ?? b?.wrong ?? null;
  if (wrong !== null) report({ seed, wrong, text: a?.text ?? b?.text ?? '' });
  else if (a !== undefined && b !== undefined && a.digest !== b.digest)
    report({ seed, wrong: 'two runs with other bytes in new memory differ', text: '' });
}

async function fuzz({ suite, count, minutes, from, only, jobs, asan }) {
  const failures = [];
  const report = (failure) => {
    failures.push(failure);
    console.log(`seed ${failure.seed}: ${failure.wrong}${failure.text === '' ? '' : `\n    ${failure.text}`}`);
  };
  let next = from;
  let done = 0;
  const began = Date.now();
  const lane = async () => {
    while (next < from + count && Date.now() - began < minutes * 60_000) {
      const job = { root, suite, only, from: next, to: Math.min(next + BATCH, from + count) };
      next = job.to;
      await runBatch(job, asan, report);
      done += job.to - job.from;
      step(`${done} of ${count} calls, ${failures.length} failed, ${Math.round((Date.now() - began) / 1000)} s`);
    }
  };
  await Promise.all(Array.from({ length: jobs }, lane));
  return { failures, done };
}

/** Shows one call and what it comes to. */
async function replay({ suite, seed, only, asan }) {
  const args = [path.join(root, 'test/fuzz/worker.mjs'), JSON.stringify({ root, suite, only, from: seed, to: seed + 1, show: true })];
  const env = { ...process.env, KERATIN_CANARY: CANARIES[0], KERATIN_NUM_THREADS: '2', ...(asan ? sanitizerEnvironment() : {}) };
  const child = spawn(process.execPath, args, { cwd: root, env, stdio: 'inherit' });
  return new Promise((resolve) => child.on('close', (code, signal) => {
    if (signal !== null) console.error(`ended by ${signal}`);
    resolve(code ?? 1);
  }));
}

/** Groups of failures that say the same but for numbers and names in quotes. */
function summary(failures) {
  const groups = new Map();
  for (const { seed, wrong } of failures) {
    const key = wrong.replaceAll(/'[^']*'|\d+/g, '…').slice(0, 120);
    groups.set(key, [...(groups.get(key) ?? []), seed]);
  }
  return [...groups]
    .sort((a, b) => b[1].length - a[1].length)
    .map(([key, seeds]) => `${seeds.length} × ${key} (seeds ${seeds.slice(0, 5).join(', ')})`);
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      count: { type: 'string', default: '20000' },
      minutes: { type: 'string', default: 'Infinity' },
      from: { type: 'string', default: '1' },
      seed: { type: 'string' },
      only: { type: 'string', default: '' },
      jobs: { type: 'string', default: '1' },
      asan: { type: 'boolean', default: false },
    },
  });
  const [suite = 'calls'] = positionals;
  if (!existsSync(path.join(root, `test/fuzz/${suite}.mjs`))) fail(`fuzz: there is no suite ${suite} in test/fuzz`);
  ensureAll();
  if (values.asan) buildSanitizedAddon();
  await readSignatures();
  const { only, asan } = values;
  if (values.seed !== undefined) process.exit(await replay({ suite, seed: Number(values.seed), only, asan }));
  const count = Number(values.count);
  const { failures, done } = await fuzz({
    suite,
    count,
    minutes: Number(values.minutes),
    from: Number(values.from),
    only,
    jobs: Number(values.jobs),
    asan,
  });
  for (const line of summary(failures)) console.log(line);
  if (failures.length > 0)
    console.log(`replay one with: npm run fuzz -- ${suite} --seed N${only === '' ? '' : ` --only ${only}`}${asan ? ' --asan' : ''}`);
  const failed = new Set(failures.map(({ seed }) => seed)).size;
  const result = { passed: done - failed, failed };
  mkdirSync(path.join(root, 'build/reports'), { recursive: true });
  writeFileSync(path.join(root, `build/reports/fuzz${suite === 'calls' ? '' : `-${suite}`}.json`), JSON.stringify(result)); // read by scripts/ci-summary.mjs
  console.log(`${result.passed} passed, ${result.failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
}

if (isProgram(import.meta.url)) await main();
