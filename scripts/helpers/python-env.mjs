// Python environments with pinned packages, for the commands that compare with real Keras or record it.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fail, run, step } from './process.mjs';

/** TensorFlow's package by platform: the small one without GPU support exists for x86-64 Linux only. */
const tensorflow = process.platform === 'linux' && process.arch === 'x64' ? 'tensorflow-cpu' : 'tensorflow';

/** The versions that everything recorded and measured refers to. */
export const pinned = {
  keras: ['keras==3.15.1', `${tensorflow}==2.21.0`, 'numpy==2.4.6', 'h5py==3.14.0', 'scipy==1.17.1', 'safetensors==0.8.0', 'pillow==13.0.0'],
  onnx: ['onnx==1.23.2', 'onnxruntime==1.32.0', 'numpy==2.4.6'],
  tensorboard: ['tensorboard==2.21.0', 'numpy==2.4.6'],
  jax: ['jax==0.10.2'],
  torch: ['torch==2.15.0'],
};

/** Exit code of commands that cannot make their Python environment: no recent Python, or no package index within reach. */
const NO_ENVIRONMENT = 3;

/** `run` that ends the command when the program fails, with `code` or with 1. */
export function mustRun(command, args, options, code = 1) {
  step([command, ...args].join(' '));
  const status = run(command, args, options);
  if (status !== 0) fail(`${command} failed with exit code ${status}`, code);
}

/**
 * Creates the virtual environment `folder` with these packages, unless it is there already, and returns its interpreter.
 * It is made with `$KERATIN_PYTHON`, or else `python3`. Ends the command with exit code 3 when it cannot be made.
 */
export function pythonEnvironment(folder, requirements) {
  const python = path.join(folder, ...(process.platform === 'win32' ? ['Scripts', 'python.exe'] : ['bin', 'python']));
  const stamp = path.join(folder, 'requirements.txt');
  const wanted = `${requirements.join('\n')}\n`;
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return python;
  const base = process.env.KERATIN_PYTHON ?? 'python3';
  requirePython(base);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  mustRun(base, ['-m', 'venv', folder], {}, NO_ENVIRONMENT);
  mustRun(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...requirements], {}, NO_ENVIRONMENT);
  writeFileSync(stamp, wanted);
  return python;
}

/** Ends the command unless the interpreter is recent enough: Keras 3.15 and its backends need Python 3.11. */
function requirePython(program) {
  const { stdout, error } = spawnSync(program, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'], { encoding: 'utf8' });
  const version = error ? error.message : stdout.trim();
  const [major, minor] = version.split('.').map(Number);
  if (major === 3 && minor >= 11) return;
  fail(`expected Python 3.11 or newer as '${program}' (KERATIN_PYTHON names another), received ${version}`, NO_ENVIRONMENT);
}
