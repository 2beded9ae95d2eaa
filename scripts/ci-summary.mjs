// The last line of .ci/run: how many tests of jest and GoogleTest passed and failed. A runner that left no report failed once.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './helpers/process.mjs';

const counts = ['jest.json', 'native.json'].map((name) => {
  const file = path.join(root, 'build/reports', name);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { passed: 0, failed: 1 };
});
const sum = (key) => counts.reduce((total, count) => total + count[key], 0);
console.log(`${sum('passed')} passed, ${sum('failed')} failed`);
