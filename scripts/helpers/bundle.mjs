// The published form of the library: one file for each entry of the package, and what entries have in common in files that they share, so
// that a class is the same in all of them. Importing it takes a third of the time of importing the modules.
import { readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { root } from './process.mjs';

/** The module and the bundled file of each entry of the package, as paths from the root: what `exports` and `bin` in package.json say. */
export function entriesOf({ exports, bin = {} }) {
  const entries = Object.values(exports)
    .filter((entry) => entry['keratin-modules'])
    .map((entry) => ({ module: entry['keratin-modules'], file: entry.default }));
  return [...entries, ...Object.values(bin).map((file) => ({ module: './dist/cli/main.js', file }))];
}

/** The entries of this package. */
export const packageEntries = () => entriesOf(JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')));

/**
 * Bundles entries, whose files lie in one folder. That folder is as deep as those of dist/: the library finds its addon from where it lies.
 */
export function bundle(entries) {
  const { buildSync } = createRequire(import.meta.url)('esbuild');
  const outdir = path.join(root, path.dirname(entries[0].file));
  rmSync(outdir, { recursive: true, force: true });
  const { errors } = buildSync({
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    sourcemap: true,
    logLevel: 'warning',
    keepNames: true, // losses and metrics have classes of the same names, which configs and messages show
    entryPoints: entries.map(({ module, file }) => ({ in: path.join(root, module), out: path.basename(file, '.js') })),
    chunkNames: 'shared-[hash]',
    outdir,
  });
  return errors.length === 0;
}
