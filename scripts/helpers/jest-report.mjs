// Leaves jest's counts in build/reports/jest.json for scripts/ci-summary.mjs.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './process.mjs';

/** A reporter in jest's sense. */
export default class JestReport {
  onRunComplete(_contexts, { numPassedTests, numFailedTests, numRuntimeErrorTestSuites }) {
    mkdirSync(path.join(root, 'build/reports'), { recursive: true });
    const counts = { passed: numPassedTests, failed: numFailedTests + numRuntimeErrorTestSuites };
    writeFileSync(path.join(root, 'build/reports/jest.json'), JSON.stringify(counts));
  }
}
