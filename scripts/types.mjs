// npm run types: checks what users' compilers see: the type tests of test/types, publint, and the packages as published, which
// are laid out as npm would install them and used from a consumer in ES module and CommonJS form.
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ensureAll, filesBelow } from './helpers/ensure.mjs';
import { fail, node, root, step } from './helpers/process.mjs';
import { makeMainPackage, makePlatformPackage } from './prebuild.mjs';

const required = [
  'package.json',
  'README.md',
  'LICENSE',
  'CHANGELOG.md',
  'scripts/binding.gyp',
  'dist/index.js',
  'dist/index.d.ts',
  'dist/bundle/cli.js',
  'native/base/kernel.h',
];
const forbidden = /^binding\.gyp$|^(test|build|examples|benchmarks|docs|node_modules|\.ci)\/|\.tsbuildinfo$/;

/** Fails when the package lacks a file, has one too many, or would run something at installation. */
function checkContents(folder) {
  const files = filesBelow(path.relative(root, folder)).map((file) => path.relative(folder, path.join(root, file)));
  const missing = required.filter((file) => !files.includes(file));
  const extra = files.filter((file) => forbidden.test(file));
  if (missing.length || extra.length)
    fail(`package: missing ${missing.join(', ') || 'nothing'}; not wanted: ${extra.join(', ') || 'nothing'}`);
  const { scripts, gypfile } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  if (scripts || gypfile !== false) fail('package: expected no scripts and "gypfile": false');
}

/** Lays a project out that has the packages installed, compiles it strictly and runs it. */
function checkConsumer(main, platform) {
  const folder = path.join(root, 'build/consumer');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  cpSync(main, path.join(folder, 'node_modules/keratin'), { recursive: true });
  cpSync(platform.folder, path.join(folder, 'node_modules', platform.name), { recursive: true });
  writeFileSync(path.join(folder, 'package.json'), '{ "name": "consumer", "private": true }\n');
  writeFileSync(path.join(folder, 'module.mts'), "import * as keras from 'keratin';\nconsole.log(Object.keys(keras).length > 0);\n");
  writeFileSync(path.join(folder, 'common.cts'), "import keras = require('keratin');\nconsole.log(Object.keys(keras).length > 0);\n");
  const compilerOptions = { strict: true, module: 'nodenext', target: 'es2023', types: ['node'] };
  writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
  if (node(['node_modules/typescript/bin/tsc', '-p', folder]) !== 0) fail('a consumer of the package does not compile');
  for (const file of ['module.mjs', 'common.cjs']) {
    if (node(['--no-warnings', file], { cwd: folder, stdio: ['inherit', 'ignore', 'inherit'] }) !== 0) fail(`package: ${file} failed`);
  }
}

ensureAll(); // compiles test/types with the other tests
step('making the packages as published');
const main = makeMainPackage();
const platform = makePlatformPackage();
step('checking their contents');
checkContents(main);
step('checking package.json (publint)');
if (node(['node_modules/publint/src/cli.js', main, '--strict', '--pack', 'false']) !== 0) fail('publint found problems');
step('compiling and running a consumer, as ES module and as CommonJS');
checkConsumer(main, platform);
step('the types and the packages are in order');
