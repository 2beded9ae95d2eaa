// Scripts in a process of their own: for what concerns the whole process, such as memory, threads and its end.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../../', import.meta.url)); // seen from build/test/helpers

/**
 * Runs a module's text in the package's folder, so that it imports 'keratin'. Fails when it does not end by itself with the wanted status.
 */
export function runScript(
  script: string,
  { env = {}, flags = [], status = 0 }: { env?: Record<string, string | undefined>; flags?: readonly string[]; status?: number } = {},
): string {
  const child = spawnSync(process.execPath, [...flags, '--input-type=module', '--eval', script], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    maxBuffer: 1 << 26,
  });
  if (child.status !== status)
    throw new Error(`the script ended with ${child.signal ?? child.status}, expected ${status}:\n${child.stdout}\n${child.stderr}`);
  return child.stdout;
}
