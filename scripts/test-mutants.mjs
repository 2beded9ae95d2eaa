// npm run test:mutants [-- --count N --seed N --jobs N --seconds N --only TEXT --again --fresh]: how many changes of the library its tests
// notice. A sample of mutants (test/mutants/mutations.mjs), the same for the same seed; for each the test files that run the changed place,
// those first that are likely to fail, until one does or they would take more than so many seconds. Results are kept in build/mutants and
// not made again; --again runs those once more that survived without a reason, --fresh forgets all, --only takes mutants of files whose
// path contains the text. test/mutants/survivors.json says why some survive. The exit code is 0 when 90 % of those that change the program
// were noticed and all others are explained.
import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { readCoverage, testsFor } from '../test/mutants/coverage.mjs';
import { mutantsOf, mutate, sample } from '../test/mutants/mutations.mjs';
import { compile, moduleOf, Workspace } from '../test/mutants/workspace.mjs';
import { ensureAll, filesBelow } from './helpers/ensure.mjs';
import { fail, isProgram, root, step } from './helpers/process.mjs';

const FOLDER = path.join(root, 'build/mutants');
/** The share of mutants that tests must notice, of those that are another program. */
const WANTED = 0.9;
/** Test files that run in one process, which keeps the memory of all. */
const TOGETHER = 10;
/** Test files that start the published bundle, or programs of their own: they see no change of a module. */
const ELSEWHERE = /^build\/test\/(process|examples|leak|docs|lib\/cli)\//;
/** Sources that only those run. */
const UNSEEN = /^lib\/cli\//;

/** The coverage of a module of which only is known that it is loaded. */
const WHOLE = [[0, Number.MAX_SAFE_INTEGER, []]];

const readJson = (file, otherwise) => (existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : otherwise);

const hashOf = (text) => createHash('sha256').update(text).digest('hex').slice(0, 16);
const fileOf = (folder, test) => path.join(folder, `${test.replaceAll('/', '+')}.json`);

/**
 * What each test runs of the library. Test files that are new or changed run once on the unchanged library; of the others it is known, but
 * for modules that changed since.
 */
async function coverageOf(sources, tests, jobs) {
  const folder = path.join(FOLDER, 'coverage');
  const stamp = path.join(FOLDER, 'coverage-of.json');
  const before = readJson(stamp, { sources: {}, tests: {} });
  const now = {
    sources: Object.fromEntries([...sources].map(([file, text]) => [file, hashOf(text)])),
    tests: Object.fromEntries(tests.map((test) => [test, hashOf(readFileSync(path.join(root, test)))])),
  };
  const changed = Object.keys(now.sources).filter((file) => before.sources[file] !== now.sources[file]).map(moduleOf);
  for (const test of Object.keys(before.tests)) if (now.tests[test] === undefined) rmSync(fileOf(folder, test), { force: true });
  for (const known of existsSync(folder) ? readCoverage(folder) : []) {
    for (const module of changed.filter((name) => known.ran[name])) known.ran[module] = WHOLE;
    writeFileSync(fileOf(folder, known.test), JSON.stringify(known));
  }
  const fresh = tests.filter((test) => before.tests[test] !== now.tests[test]);
  if (fresh.length > 0) {
    step(`running ${fresh.length} test files, for what each runs of the library`);
    for (const test of fresh) rmSync(fileOf(folder, test), { force: true });
    const workspace = new Workspace(root, path.join(FOLDER, 'unchanged')).fill(sources);
    const args = ['--coverage', '--coverageProvider=v8', '--coverageReporters=none', `--maxWorkers=${jobs}`, '--bail=0'];
    const failed = await workspace.run(fresh, 3600, args, { KERATIN_TEST_COVERAGE: folder });
    if (failed !== null) step(`some tests fail without any change and are left out: ${failed}`);
    for (const test of readJson(path.join(workspace.folder, 'report.json'), { files: [] }).files) rmSync(fileOf(folder, test), { force: true });
  }
  writeFileSync(stamp, JSON.stringify(now));
  return readCoverage(folder);
}

/** Where two texts begin to differ. */
function differenceOf(a, b) {
  let i = 0;
  while (i < a.length && a[i] === b[i]) i++;
  return i;
}

/** By test file: whether it passes on the unchanged library. */
const sound = new Map();
/** Test files that do not. */
const unsound = new Set();
const isSound = (test, workspace) => {
  if (!sound.has(test)) sound.set(test, workspace.run([test], 600, ['--runInBand']).then((failed) => failed === null));
  return sound.get(test);
};

/** Runs the tests of one mutant: what noticed it, or null, and how many test files it took. Who fails without it has noticed nothing. */
async function verdictOf(mutant, text, workspace, coverage, seconds) {
  for (;;) {
    const verdict = await firstFailure(mutant, text, workspace, coverage.filter(({ test }) => !unsound.has(test)), seconds);
    const [test] = verdict.by?.split(': ') ?? [];
    if (!test?.endsWith('.js') || (await isSound(test, workspace))) return verdict;
    unsound.add(test);
  }
}

/** The test files that fit into so many seconds together with all before, at least the shortest. */
function affordable(tests, seconds) {
  let left = seconds;
  const chosen = tests.filter((test) => test.seconds <= left && (left -= test.seconds) >= 0);
  return chosen.length > 0 ? chosen : tests.toSorted((a, b) => a.seconds - b.seconds).slice(0, 1);
}

async function firstFailure(mutant, text, workspace, coverage, seconds) {
  const original = workspace.read(mutant.file);
  const changed = compile(mutate(text, mutant));
  const tests = testsFor(coverage, mutant.file, moduleOf(mutant.file), differenceOf(original, changed));
  const chosen = affordable(tests, seconds);
  workspace.write(mutant.file, changed);
  try {
    for (let i = 0; i < chosen.length; i += TOGETHER) {
      const part = chosen.slice(i, i + TOGETHER);
      const expected = part.reduce((sum, test) => sum + test.seconds, 0);
      const by = await workspace.run(part.map(({ test }) => test), 60 + 8 * expected, ['--runInBand']);
      if (by !== null) return { by, ran: i + part.length, of: tests.length };
    }
    return { by: null, ran: chosen.length, of: tests.length };
  } finally {
    workspace.write(mutant.file, original);
  }
}

const describe = ({ file, line, was, text, kind }) =>
  `${file}:${line}: ${kind}: ${shorten(was)} → ${text === ';' ? 'nothing' : shorten(text)}`;
const shorten = (text) => (text.length > 60 ? `${text.slice(0, 57)}...` : text).replaceAll(/\s+/g, ' ');

/** What is known of a mutant that may survive. */
const explained = readJson(path.join(root, 'test/mutants/survivors.json'), []);
const reasonOf = ({ file, code, was, text }) =>
  explained.find((known) => known.file === file && known.code === code && known.was === was && known.text === text);

/** The figures, and what survived with what is known of it. Returns whether that is enough. */
function report(mutants, results) {
  const done = mutants.filter(({ id }) => results.has(id));
  const survivors = done.filter(({ id }) => results.get(id).by === null);
  for (const mutant of survivors) {
    const { ran, of } = results.get(mutant.id);
    const known = reasonOf(mutant);
    const verdict = known ? `${known.equivalent ? 'the same program' : 'known'}: ${known.why}` : `not explained (${ran} of ${of} test files)`;
    console.log(`${describe(mutant)}\n    ${mutant.code}\n    ${verdict}`);
  }
  const same = survivors.filter((mutant) => reasonOf(mutant)?.equivalent).length;
  const open = survivors.filter((mutant) => !reasonOf(mutant)).length;
  const killed = done.length - survivors.length;
  const share = killed / (done.length - same);
  console.log(`${done.length} mutants: ${killed} noticed (${((100 * killed) / done.length).toFixed(1)} %), ${survivors.length} survived, ` +
    `${same} of them the same program (${(100 * share).toFixed(1)} % of the others noticed), ${open} not explained`);
  return share >= WANTED && open === 0;
}

/** Runs the tests of mutants, some at a time; what comes of each is added to the log and to the results. */
async function runAll(waiting, sources, coverage, results, { jobs, seconds, log }) {
  const queue = [...waiting];
  const lane = async (_, i) => {
    const workspace = new Workspace(root, path.join(FOLDER, `lane-${i}`)).fill(sources);
    for (let mutant; (mutant = queue.shift());) {
      const result = await verdictOf(mutant, sources.get(mutant.file), workspace, coverage, seconds);
      results.set(mutant.id, result);
      appendFileSync(log, `${JSON.stringify({ id: mutant.id, ...result, mutant: describe(mutant) })}\n`);
      step(`${waiting.length - queue.length}/${waiting.length} ${describe(mutant)}: ${result.by ?? `SURVIVED (${result.ran} of ${result.of})`}`);
    }
  };
  await Promise.all(Array.from({ length: jobs }, lane));
}

async function main() {
  const { values } = parseArgs({
    options: {
      count: { type: 'string', default: '200' },
      seed: { type: 'string', default: '1' },
      jobs: { type: 'string', default: '2' },
      seconds: { type: 'string', default: '120' },
      only: { type: 'string', default: '' },
      again: { type: 'boolean', default: false },
      fresh: { type: 'boolean', default: false },
    },
  });
  const [count, jobs, seconds] = [values.count, values.jobs, values.seconds].map(Number);
  if (![count, jobs, seconds].every((value) => value > 0)) fail('test:mutants: --count, --jobs and --seconds are positive numbers');
  ensureAll();
  const sources = new Map(filesBelow('lib', /(?<!\.d)\.ts$/).map((file) => [file, readFileSync(path.join(root, file), 'utf8')]));
  const tests = filesBelow('build/test', /\.test\.js$/).filter((test) => !ELSEWHERE.test(test));
  const wanted = [...sources].filter(([file]) => file.includes(values.only) && !UNSEEN.test(file));
  const all = wanted.flatMap(([file, text]) => mutantsOf(file, text));
  const mutants = sample(all, count, values.seed);
  mkdirSync(FOLDER, { recursive: true });
  const log = path.join(FOLDER, 'results.jsonl');
  if (values.fresh) for (const old of [log, path.join(FOLDER, 'coverage-of.json')]) rmSync(old, { force: true });
  const lines = existsSync(log) ? readFileSync(log, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line)) : [];
  const results = new Map(lines.map(({ id, ...result }) => [id, result]));
  const waiting = mutants.filter((mutant) => {
    const known = results.get(mutant.id);
    return known === undefined || (values.again && known.by === null && !reasonOf(mutant));
  });
  if (waiting.length > 0) {
    const coverage = await coverageOf(sources, tests, jobs);
    step(`${waiting.length} of ${mutants.length} mutants to run, of ${all.length} in all`);
    await runAll(waiting, sources, coverage, results, { jobs, seconds, log });
  }
  process.exit(report(mutants, results) ? 0 : 1);
}

if (isProgram(import.meta.url)) await main();
