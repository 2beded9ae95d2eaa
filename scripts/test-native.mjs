// npm run test:native [-- release|address|thread|pattern ...]: the GoogleTest programs of test/native, in the variants named, or in all
// three: optimised, with the addon's own kernels; under AddressSanitizer and UndefinedBehaviorSanitizer, with the fastest instruction set
// of this machine and the baseline; and, what uses threads, under ThreadSanitizer. A pattern picks programs by name.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { addonKernels, cmakeBuild, has } from './helpers/cmake.mjs';
import { ensureAddon } from './helpers/ensure.mjs';
import { fail, root, run, step } from './helpers/process.mjs';

ensureAddon();
const { isas } = createRequire(import.meta.url)(path.join(root, 'build/Release/keratin.node')).info(); // usable here, fastest first

const variants = {
  release: { variables: addonKernels },
  address: { variables: { KERATIN_SANITIZE: 'address,undefined', KERATIN_ONLY_ISAS: [...new Set([isas[0], 'baseline'])].join() } },
  // One instruction set is enough to find a race, and kernels keep no state: only the executor's programs run.
  thread: { variables: { KERATIN_SANITIZE: 'thread', KERATIN_ONLY_ISAS: 'baseline' }, programs: /^(pool|plan)_test$/ },
};

// A test may ask for more memory than there is: sanitizers must return null, as the system does, rather than stop.
const lenient = 'allocator_may_return_null=1';
const env = { ASAN_OPTIONS: lenient, TSAN_OPTIONS: lenient, ...process.env };

/** Runs one test program and returns its counts. A crash is one failure more. */
function runProgram(folder, name, variant) {
  const report = path.join(root, 'build/reports', `${variant}-${name}.json`);
  const args = [path.join(folder, 'tests', name), '--gtest_brief=1', `--gtest_output=json:${report}`];
  // ThreadSanitizer of older compilers cannot run with address space randomisation of newer kernels.
  const command = variant === 'thread' && has('setarch') ? ['setarch', process.arch === 'arm64' ? 'aarch64' : 'x86_64', '-R'] : [];
  const [program, ...rest] = [...command, ...args];
  writeFileSync(report, '{}');
  const status = run(program, rest, { env });
  const { tests = 0, failures = 0, errors = 0 } = JSON.parse(readFileSync(report, 'utf8') || '{}');
  const failed = failures + errors || (status === 0 ? 0 : 1);
  return { passed: Math.max(0, tests - failed), failed };
}

function runVariant(variant, patterns) {
  const { variables, programs = /./ } = variants[variant];
  const files = readdirSync(path.join(root, 'test/native')).filter((name) => name.endsWith('_test.cc')).map((name) => name.slice(0, -3));
  const chosen = files.filter((name) => programs.test(name) && (!patterns.length || patterns.some((part) => name.includes(part))));
  const total = { passed: 0, failed: 0 };
  if (!chosen.length) return total;
  const folder = cmakeBuild(variant, chosen, variables);
  for (const name of chosen) {
    step(`running ${name} (${variant})`);
    const { passed, failed } = runProgram(folder, name, variant);
    total.passed += passed;
    total.failed += failed;
  }
  return total;
}

const names = process.argv.slice(2);
const patterns = names.filter((name) => !variants[name]);
const chosen = Object.keys(variants).filter((name) => names.includes(name));
if (!existsSync(path.join(root, 'test/native'))) fail('there is no test/native');
mkdirSync(path.join(root, 'build/reports'), { recursive: true });
const total = { passed: 0, failed: 0 };
for (const variant of chosen.length ? chosen : Object.keys(variants)) {
  const { passed, failed } = runVariant(variant, patterns);
  console.log(`${variant}: ${passed} passed, ${failed} failed`);
  total.passed += passed;
  total.failed += failed;
}
writeFileSync(path.join(root, 'build/reports/native.json'), JSON.stringify(total)); // read by scripts/ci-summary.mjs
process.exit(total.failed ? 1 : 0);
