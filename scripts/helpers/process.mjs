// Running other programs from the scripts, and saying what is done in one line a step.
import { spawnSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's (or the installed package's) folder. */
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** Whether the module with this `import.meta.url` is the program that runs, also when called through a symbolic link. */
export const isProgram = (url) => Boolean(process.argv[1]) && realpathSync(process.argv[1]) === fileURLToPath(url);

/** Says what happens next. Goes to standard error, so that a command's own output stays clean. */
export function step(text) {
  process.stderr.write(`› ${text}\n`);
}

/** Ends the command with a message. */
export function fail(text, code = 1) {
  process.stderr.write(`${text}\n`);
  process.exit(code);
}

/** Runs a program in the root folder with this process's terminal and returns its exit code. */
export function run(command, args, options = {}) {
  const { error, status } = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (error) fail(`cannot run ${command}: ${error.message}`);
  return status ?? 1;
}

/** `run` with this Node. */
export const node = (args, options) => run(process.execPath, args, options);

/** Runs a program and returns its standard output; ends the command when it fails. */
export function output(command, args, options = {}) {
  const { error, status, stdout, stderr } = spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28, ...options });
  if (error || status !== 0) fail(`${command} ${args.join(' ')}\n${error?.message ?? stderr}`);
  return stdout;
}
