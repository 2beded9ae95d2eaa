// npm run fixtures [-- names]: records test/fixtures anew from real Keras. The recordings are committed, so the tests need
// no Python. npm run fixtures -- --check [names]: compares what real Keras computes now with the committed recordings, without writing.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { root } from './helpers/process.mjs';
import { mustRun, pinned, pythonEnvironment } from './helpers/python-env.mjs';

const python = pythonEnvironment(path.join(root, 'build/fixtures-venv'), pinned.keras);
// oneDNN's kernels on every processor: TensorFlow has no others for some convolutions, and leaves them off on some.
const backend = { KERAS_BACKEND: 'tensorflow', TF_CPP_MIN_LOG_LEVEL: '3', CUDA_VISIBLE_DEVICES: '-1', TF_ENABLE_ONEDNN_OPTS: '1' };
const env = { ...process.env, ...backend, COLUMNS: '80', PYTHONHASHSEED: '0' }; // the summaries' width, the order of sets
const reports = path.join(root, 'build/reports'); // read by scripts/ci-summary.mjs
mkdirSync(reports, { recursive: true });
mustRun(python, ['-B', 'test/fixtures/record.py', ...process.argv.slice(2), '--report', path.join(reports, 'fixtures.json')], { env });
