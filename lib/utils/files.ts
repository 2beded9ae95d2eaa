// Questions about files, and reads and writes of many bytes at once.
import { stat, type FileHandle } from 'node:fs/promises';

/** Whether there is something at a path. */
export const exists = (path: string): Promise<boolean> => stat(path).then(() => true, () => false);
/** Whether there is a folder at a path. */
export const isFolder = (path: string): Promise<boolean> => stat(path).then((found) => found.isDirectory(), () => false);

/** The most that the system is asked to read or write at once. */
const PART = 2 ** 30;

/** Fills `target` with what stands at `position`. `name` opens messages. @throws (rejects) when the file ends before. */
export async function readFully(name: string, file: FileHandle, target: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < target.length; ) {
    const { bytesRead } = await file.read(target, done, Math.min(PART, target.length - done), position + done);
    if (bytesRead === 0) throw new RangeError(`${name}: was cut off while it was read`);
    done += bytesRead;
  }
}
/** Writes all bytes at `position`. */
export async function writeFully(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; )
    done += (await file.write(bytes, done, Math.min(PART, bytes.length - done), position + done)).bytesWritten;
}
