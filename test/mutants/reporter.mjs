// Leaves the first failed test in the file KERATIN_TEST_REPORT; with KERATIN_TEST_COVERAGE, also what each test file ran of the library:
// <folder>/<test>.json, see coverage.mjs.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { rangesThatRan } from './coverage.mjs';

/** A reporter in jest's sense. */
export default class Reporter {
  #failed = null;
  #files = [];

  onTestResult({ path: file }, result) {
    const name = path.relative(process.cwd(), file);
    const failed = result.testResults.find(({ status }) => status === 'failed');
    if (failed || result.testExecError) {
      this.#failed ??= `${name}: ${failed?.fullName ?? result.testExecError?.message?.split('\n')[0] ?? 'did not run'}`;
      this.#files.push(name);
      writeFileSync(process.env.KERATIN_TEST_REPORT, JSON.stringify({ failed: this.#failed, files: this.#files }));
    }
    const folder = process.env.KERATIN_TEST_COVERAGE;
    if (!folder || !result.v8Coverage) return;
    const seconds = (result.perfStats.end - result.perfStats.start) / 1000;
    mkdirSync(folder, { recursive: true });
    const ran = rangesThatRan(result.v8Coverage.map((entry) => entry.result));
    writeFileSync(path.join(folder, `${name.replaceAll('/', '+')}.json`), JSON.stringify({ test: name, seconds, ran }));
  }
}
