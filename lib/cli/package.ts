// This package as it is installed.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Its folder: modules and bundle lie equally deep. */
export const folder = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
/** What its package.json says. */
export const manifest = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as {
  readonly version: string;
  readonly engines: { readonly node: string };
};
/** Its version. */
export const version = (): string => manifest.version;
