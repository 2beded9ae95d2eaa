// Options that commands share which read files.
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import '../index.js'; // configs find classes and functions once these are loaded
import type { LoadModelOptions } from '../saving/formats.js';
import type { Given } from './main.js';

/** Imports the modules of `--import`, from the working directory. */
export async function importModules(given: Given): Promise<void> {
  for (const name of (given.import ?? []) as readonly string[]) {
    const isPath = /^([./\\]|[a-zA-Z]:)/.test(name);
    await import(isPath ? pathToFileURL(path.resolve(name)).href : name);
  }
}

/** How models are read. */
export const loadOptions = (given: Given): LoadModelOptions => ({
  safeMode: given.unsafe !== true,
  ...(typeof given.format === 'string' ? { format: given.format } : {}),
});

/** Rows as text: columns as wide as their longest cell, numbers to the right. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows.map((row) =>
    row.map((cell, i) => (/^[\d,]+$/.test(cell) ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!))).join('  ').trimEnd());
}
