// npm run prebuild:platform: makes what is published, as folders in build/npm for `npm publish`: the package of this platform
// with its binary, from the local build, and `keratin` itself, which names all platforms as optional dependencies.
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { has } from './helpers/cmake.mjs';
import { ensureAll } from './helpers/ensure.mjs';
import { isProgram, output, root, run, step } from './helpers/process.mjs';

/** Platforms that a release has binaries for. */
export const platforms = ['linux-x64', 'linux-x64-musl', 'linux-arm64', 'linux-arm64-musl', 'darwin-x64', 'darwin-arm64'];

const readManifest = () => JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
const isMusl = () => process.platform === 'linux' && !process.report.getReport().header.glibcVersionRuntime;
const platform = () => `${process.platform}-${process.arch}${isMusl() ? '-musl' : ''}`;

/** An empty folder for a package. */
export function emptyFolder(name) {
  const folder = path.join(root, 'build/npm', name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Writes a package.json. */
export function writeManifest(folder, manifest) {
  writeFileSync(path.join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}

/** Makes the package of this platform and returns its name and folder. */
export function makePlatformPackage() {
  const { version, license, author, engines } = readManifest();
  const name = `@keratin/${platform()}`;
  const folder = emptyFolder(name);
  writeManifest(folder, {
    name, version, description: `Native addon of keratin for ${platform()}`, license, author, engines,
    os: [process.platform], cpu: [process.arch],
    ...(process.platform === 'linux' ? { libc: [isMusl() ? 'musl' : 'glibc'] } : {}),
    preferUnplugged: true, main: './keratin.node',
  });
  writeFileSync(path.join(folder, 'README.md'), `The native addon of keratin for ${platform()}.\n`);
  cpSync(path.join(root, 'LICENSE'), path.join(folder, 'LICENSE'));
  const addon = path.join(folder, 'keratin.node');
  cpSync(path.join(root, 'build/Release/keratin.node'), addon);
  chmodSync(addon, 0o755);
  if (has('strip')) run('strip', ['-x', addon]);
  return { name, folder };
}

/** Makes `keratin` as it is published and returns its folder. */
export function makeMainPackage() {
  const manifest = readManifest();
  delete manifest.scripts;
  delete manifest.devDependencies;
  const [{ files }] = JSON.parse(output('npm', ['pack', '--dry-run', '--json', '--loglevel=error']));
  const folder = emptyFolder('keratin');
  // Package managers build what has a binding.gyp at its root, whatever its package.json says once it is installed from a lock file.
  for (const file of files) {
    cpSync(path.join(root, file.path), path.join(folder, file.path === 'binding.gyp' ? 'scripts/binding.gyp' : file.path));
  }
  manifest.optionalDependencies = Object.fromEntries(platforms.map((name) => [`@keratin/${name}`, manifest.version]));
  writeManifest(folder, manifest);
  return folder;
}

if (isProgram(import.meta.url)) {
  ensureAll();
  for (const folder of [makePlatformPackage().folder, makeMainPackage()]) step(`made ${path.relative(root, folder)}`);
}
