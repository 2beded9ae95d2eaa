// npm run test:nodes [-- patterns and other arguments of jest]: the JavaScript tests on the other supported versions of Node.js, and once
// more on this one with V8's collector left alone (KERATIN_GC=v8). Node.js's binaries come from the packages that carry them.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ensureAll } from './helpers/ensure.mjs';
import { output, root, run, step } from './helpers/process.mjs';
import { jestCommand } from './test.mjs';

const VERSIONS = ['22.23.5', '24.22.3'];

/** The program of a version of Node.js, downloaded when it is not there yet. */
function nodeProgram(version) {
  const folder = path.join(root, 'build/nodes', version);
  const program = path.join(folder, process.platform === 'win32' ? 'bin/node.exe' : 'bin/node');
  if (existsSync(program)) return program;
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  step(`getting Node.js ${version}`);
  mkdirSync(folder, { recursive: true });
  const [{ filename }] = JSON.parse(output('npm', ['pack', `${name}@${version}`, '--json', '--loglevel=error', '--pack-destination', folder]));
  output('tar', ['-xzf', path.join(folder, filename), '-C', folder, '--strip-components=1']);
  rmSync(path.join(folder, filename));
  return program;
}

ensureAll();
const runs = [
  ...VERSIONS.map((version) => ({ name: `Node.js ${version}`, program: nodeProgram(version), env: {} })),
  { name: "V8's own collector", program: process.execPath, env: { KERATIN_GC: 'v8' } },
];
const reports = path.join(root, 'build/reports');
const tests = path.join(reports, 'jest.json');
const kept = existsSync(tests) ? readFileSync(tests) : null; // of `npm test`
const total = { passed: 0, failed: 0 };
for (const { name, program, env } of runs) {
  step(`running jest with ${name}`);
  rmSync(tests, { force: true });
  const { args, env: usual } = jestCommand(process.argv.slice(2));
  run(program, args, { env: { ...usual, ...env } });
  const { passed, failed } = existsSync(tests) ? JSON.parse(readFileSync(tests, 'utf8')) : { passed: 0, failed: 1 };
  total.passed += passed;
  total.failed += failed;
}
rmSync(tests, { force: true });
if (kept !== null) writeFileSync(tests, kept);
step(`${total.passed} passed, ${total.failed} failed`);
mkdirSync(reports, { recursive: true });
writeFileSync(path.join(reports, 'nodes.json'), JSON.stringify(total)); // read by scripts/ci-summary.mjs
process.exit(total.failed === 0 ? 0 : 1);
