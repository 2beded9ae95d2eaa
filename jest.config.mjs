import { availableParallelism } from 'node:os';

// Tests are TypeScript, type-checked and compiled by the build; jest runs the JavaScript as it is (scripts/test.mjs).
export default {
  maxWorkers: Math.max(2, availableParallelism() - 1), // also on two cores: much of a test is no computing
  roots: ['<rootDir>/build/test'],
  testMatch: ['**/*.test.js'],
  testEnvironment: 'node',
  // 'keratin' as single modules, so that it shares its classes with '#lib/...'; scripts that tests start in a process of their own use the
  // bundle.
  testEnvironmentOptions: { customExportConditions: ['node', 'node-addons', 'keratin-modules'] },
  transform: {},
  reporters: ['default', '<rootDir>/scripts/helpers/jest-report.mjs'],
  testTimeout: 180_000, // milliseconds: what hangs is found, and a busy machine fails no test
};
