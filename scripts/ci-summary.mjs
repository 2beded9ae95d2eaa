// The last line of .ci/run: how much passed and failed, by the reports that its steps leave (REPORTS) and, in the arguments, of the steps
// that leave none. A runner without its report failed once.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './helpers/process.mjs';

const REPORTS = ['jest', 'native', 'nodes', 'kill', 'fuzz', 'fuzz-saving', 'install', 'keras', 'fixtures'];

const [passed = 0, failed = 0] = process.argv.slice(2).map(Number);
const reports = REPORTS.map((name) => {
  const file = path.join(root, 'build/reports', `${name}.json`);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { passed: 0, failed: 1 };
});
const counts = [{ passed, failed }, ...reports];
const sum = (key) => counts.reduce((total, count) => total + count[key], 0);
console.log(`${sum('passed')} passed, ${sum('failed')} failed`);
