// npm run peers: installs what `npm run bench` compares with into build/peers: Keras on TensorFlow and on JAX, PyTorch
// (a Python environment) and TensorFlow.js (npm packages).
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root, step } from './helpers/process.mjs';
import { mustRun, pinned, pythonEnvironment } from './helpers/python-env.mjs';

const TFJS = '4.22.0';
const folder = path.join(root, 'build/peers');

function setupTfjs() {
  const cwd = path.join(folder, 'node');
  mkdirSync(cwd, { recursive: true });
  const names = ['core', 'backend-cpu', 'backend-wasm', 'layers', 'converter'];
  const dependencies = Object.fromEntries(names.map((name) => [`@tensorflow/tfjs-${name}`, TFJS]));
  writeFileSync(path.join(cwd, 'package.json'), `${JSON.stringify({ private: true, dependencies }, null, 2)}\n`);
  mustRun('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd, shell: process.platform === 'win32' });
}

setupTfjs();
pythonEnvironment(path.join(folder, 'venv'), [...pinned.keras, ...pinned.jax, ...pinned.torch]);
step('the peers are installed in build/peers');
