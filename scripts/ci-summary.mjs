// The last line of .ci/run: how much passed and failed, of the tests of jest and GoogleTest, the random calls, the package
// managers, the files that Keras reads and writes, the comparisons of recordings with Keras, and the other steps, whose counts are the
// arguments. A runner that left no report failed once.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './helpers/process.mjs';

const [passed = 0, failed = 0] = process.argv.slice(2).map(Number);
const reports = ['jest.json', 'native.json', 'fuzz.json', 'install.json', 'keras.json', 'fixtures.json'].map((name) => {
  const file = path.join(root, 'build/reports', name);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { passed: 0, failed: 1 };
});
const counts = [{ passed, failed }, ...reports];
const sum = (key) => counts.reduce((total, count) => total + count[key], 0);
console.log(`${sum('passed')} passed, ${sum('failed')} failed`);
