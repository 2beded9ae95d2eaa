// npm run test:install: installs the packages as published from a registry of its own on this machine, with each package manager, into
// an empty folder and again from the lock file, with no compiler in PATH; then trains a model there. Packages of others come from the
// usual registry.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ensureAll } from './helpers/ensure.mjs';
import { output, root, step } from './helpers/process.mjs';
import { emptyFolder, makeMainPackage, makePlatformPackage, platforms, writeManifest } from './prebuild.mjs';

const MANAGERS = {
  'npm 10': { program: 'npm@10.9.4', install: ['install', 'keratin'], again: ['ci'] },
  'npm 11': { program: 'npm@11.6.2', install: ['install', 'keratin'], again: ['ci'] },
  'pnpm 10': { program: 'pnpm@10.18.3', install: ['add', 'keratin'], again: ['install', '--frozen-lockfile'] },
  'yarn 1': { program: 'yarn@1.22.22', install: ['add', 'keratin'], again: ['install', '--frozen-lockfile'] },
};

const TRAIN = `
  import * as keras from 'keratin';
  const x = [[0, 0], [0, 1], [1, 0], [1, 1]], y = [[0], [1], [1], [0]];
  const model = new keras.Sequential([keras.Input({ shape: [2] }), new keras.layers.Dense(8, { activation: 'tanh' }), new keras.layers.Dense(1)]);
  model.compile({ optimizer: new keras.optimizers.Adam(0.05), loss: 'mse' });
  const { history } = await model.fit(x, y, { epochs: 150, verbose: 0 });
  await model.save('xor.keras');
  const again = await keras.saving.loadModel('xor.keras');
  if (!(history.loss.at(-1) < 0.05) || (await again.predict(x, { verbose: 0 })).shape[0] !== 4) throw new Error('it does not learn');
`;

/** What `npx keratin` runs. */
const COMMAND = 'node_modules/keratin/dist/bundle/cli.js';

/** What a registry tells of a package that lies in a folder, and the file itself. */
function pack(folder, url) {
  const [{ filename }] = JSON.parse(output('npm', ['pack', folder, '--json', '--loglevel=error', '--pack-destination', 'build/npm']));
  const bytes = readFileSync(path.join(root, 'build/npm', filename));
  const manifest = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  const dist = {
    tarball: `${url}/files/${filename}`, integrity: `sha512-${createHash('sha512').update(bytes).digest('base64')}`,
    shasum: createHash('sha1').update(bytes).digest('hex'),
  };
  const about = { name: manifest.name, 'dist-tags': { latest: manifest.version }, versions: { [manifest.version]: { ...manifest, dist } } };
  return { name: manifest.name, filename, bytes, about };
}

/** A registry with these packages; it sends requests for others on. */
async function serve(folders) {
  const others = output('npm', ['config', 'get', 'registry']).trim().replace(/\/$/, '');
  const packages = [];
  const server = createServer(({ url }, response) => {
    const name = decodeURIComponent(url.slice(1));
    const file = packages.find(({ filename }) => url === `/files/${filename}`);
    const own = packages.find((one) => one.name === name);
    if (file !== undefined) response.end(file.bytes);
    else if (own !== undefined) response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(own.about));
    else response.writeHead(302, { location: `${others}${url}` }).end();
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${server.address().port}`;
  packages.push(...folders.map((folder) => pack(folder, url)));
  return { url, close: () => server.close() };
}

/** Runs a program; resolves to null, or to what it printed when it failed. */
function attempt(command, args, options) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += chunk));
    child.on('error', (error) => resolve(String(error)));
    child.on('exit', (code) => resolve(code === 0 ? null : text));
  });
}

/** What goes wrong with one package manager; null when nothing does. */
async function tryManager({ program, install, again }, url, tools) {
  const folder = mkdtempSync(path.join(tmpdir(), 'keratin-install-'));
  try {
    mkdirSync(path.join(folder, 'bin'));
    for (const name of ['node', 'sh', 'env']) symlinkSync(output('which', [name]).trim(), path.join(folder, 'bin', name));
    const env = { ...process.env, PATH: path.join(folder, 'bin'), npm_config_registry: url, YARN_REGISTRY: url, CI: 'true' };
    const project = path.join(folder, 'project');
    mkdirSync(project);
    writeFileSync(path.join(project, 'package.json'), '{ "name": "project", "version": "1.0.0", "private": true, "type": "module", "license": "MIT" }\n');
    writeFileSync(path.join(project, 'train.mjs'), TRAIN);
    const [name] = program.split('@');
    const manifest = JSON.parse(readFileSync(path.join(tools, 'node_modules', name, 'package.json'), 'utf8'));
    const script = path.join(tools, 'node_modules', name, typeof manifest.bin === 'string' ? manifest.bin : manifest.bin[name]);
    const run = (args) => attempt(process.execPath, args, { cwd: project, env });
    for (const args of [install, again]) {
      const problem = (await run([script, ...args])) ?? (await run(['train.mjs'])) ?? (await run([COMMAND, 'doctor']));
      if (problem !== null) return `${args.join(' ')}: ${problem}`;
      rmSync(path.join(project, 'node_modules'), { recursive: true, force: true });
    }
    return null;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Packages of the other platforms, without their binaries, which are not built here: yarn wants to know of all. */
function standIns(own) {
  return platforms.map((name) => `@keratin/${name}`).filter((name) => name !== own.name).map((name) => {
    const [system, processor] = name.split('/')[1].split('-');
    const folder = emptyFolder(name);
    const { version, license } = JSON.parse(readFileSync(path.join(own.folder, 'package.json'), 'utf8'));
    writeManifest(folder, { name, version, license, os: [system], cpu: [processor], ...(name.endsWith('musl') ? { libc: ['musl'] } : {}) });
    return folder;
  });
}

ensureAll();
step('making the packages as published');
const own = makePlatformPackage();
const registry = await serve([makeMainPackage(), own.folder, ...standIns(own)]);
const report = { passed: 0, failed: 0 };
for (const [name, manager] of Object.entries(MANAGERS)) {
  step(`installing with ${name}`);
  const tools = mkdtempSync(path.join(tmpdir(), 'keratin-tools-'));
  const prepared = await attempt('npm', ['install', '--prefix', tools, '--no-audit', '--no-fund', manager.program], { cwd: tools });
  const problem = prepared ?? (await tryManager(manager, registry.url, tools));
  rmSync(tools, { recursive: true, force: true });
  report[problem === null ? 'passed' : 'failed'] += 1;
  if (problem !== null) console.log(`FAIL ${name}: ${problem}`);
}
registry.close();
step(`${report.passed} passed, ${report.failed} failed`);
mkdirSync(path.join(root, 'build/reports'), { recursive: true });
writeFileSync(path.join(root, 'build/reports/install.json'), JSON.stringify(report)); // read by scripts/ci-summary.mjs
process.exit(report.failed === 0 ? 0 : 1);
