// A saved ResNet50, which the workloads of loading and saving have in common with the peers.
import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { applications } from 'keratin';

/** A file beside the compiled benchmarks. The peers read the same one. */
export const fileNamed = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const FILE = fileNamed('resnet50.keras');

/** ResNet50 with weights that are drawn. */
export const build = () => applications.ResNet50({ weights: null });

/** The path of a saved ResNet50 in the page cache. Another process makes it when it is not there, so that nothing of it is warm here. */
export function savedFile(): string {
  if (!existsSync(FILE)) {
    const made = spawnSync(process.execPath, [fileNamed('make-resnet50-file.js'), FILE], { stdio: 'inherit' });
    if (made.status !== 0) throw new Error(`no ${FILE} could be made`);
  }
  const chunk = Buffer.alloc(2 ** 20);
  const file = openSync(FILE, 'r');
  while (readSync(file, chunk) > 0); // into the page cache, and not into the memory of this process
  closeSync(file);
  return FILE;
}

/** Writes a file and waits for the disk. */
export function writeDurably(path: string, bytes: Buffer): void {
  const file = openSync(path, 'w');
  writeSync(file, bytes);
  fsyncSync(file);
  closeSync(file);
}

/** The most memory that this process has had, in megabytes. */
export const peakMb = (): number => process.resourceUsage().maxRSS / 1024;

/** Seconds that `fn` takes, once. */
export async function secondsOnce(fn: () => unknown): Promise<number> {
  const start = performance.now();
  await fn();
  return (performance.now() - start) / 1e3;
}
