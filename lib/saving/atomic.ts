// Files that are there whole or not at all: written beside their place, flushed to the disk, and renamed.
import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';

async function flush(place: string): Promise<void> {
  const handle = await open(place, 'r');
  try {
    await handle.sync();
  } catch (error) {
    // systems that flush no folders
    if (!['EINVAL', 'EISDIR', 'EPERM', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    await handle.close();
  }
}

/**
 * Has `write` make a file or folder under another name, and then puts it in the place of `target`. A process that is killed leaves the old
 * one or the new one; when `write` fails, the old one stays.
 */
export async function writeAtomically(target: string, write: (temporary: string) => Promise<void>): Promise<void> {
  const folder = path.dirname(path.resolve(target));
  await mkdir(folder, { recursive: true });
  const [fresh, old] = ['new', 'old'].map((end) => path.join(folder, `.${path.basename(target)}.${randomUUID()}.${end}`)) as [
    string,
    string,
  ];
  try {
    await write(fresh);
    await flush(fresh);
    await replace(fresh, target, old);
    await flush(folder).catch((error: NodeJS.ErrnoException) => {
      if (process.platform !== 'win32') throw error;
    });
  } finally {
    await rm(fresh, { recursive: true, force: true });
    await rm(old, { recursive: true, force: true });
  }
}

/** Renames; a folder that stands in the way is moved aside first. */
async function replace(fresh: string, target: string, aside: string): Promise<void> {
  try {
    await rename(fresh, target);
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST', 'EISDIR', 'ENOTDIR', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    await rename(target, aside);
    await rename(fresh, target);
  }
}
