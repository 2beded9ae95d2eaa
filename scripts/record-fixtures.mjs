// npm run fixtures [-- names]: records test/fixtures anew from real Keras. The recordings are committed, so the tests need
// no Python.
import path from 'node:path';
import { root } from './helpers/process.mjs';
import { mustRun, pinned, pythonEnvironment } from './helpers/python-env.mjs';

const python = pythonEnvironment(path.join(root, 'build/fixtures-venv'), pinned.keras);
const backend = { KERAS_BACKEND: 'tensorflow', TF_CPP_MIN_LOG_LEVEL: '3', CUDA_VISIBLE_DEVICES: '-1' };
const env = { ...process.env, ...backend, COLUMNS: '80', PYTHONHASHSEED: '0' }; // the summaries' width, the order of sets
mustRun(python, ['-B', 'test/fixtures/record.py', ...process.argv.slice(2)], { env });
