// npm run test:keras [-- names of models]: files that real Keras writes are read here and trained further, and those that are written here
// are read by Keras, which trains them further too. Arrays go to NumPy and safetensors and back; ONNX files that are written here are run
// by onnxruntime, and others read here; TensorBoard's own reader reads logs. Each lives in a Python environment of its own.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ensureAll } from './helpers/ensure.mjs';
import { fail, node, root, run, step } from './helpers/process.mjs';
import { pinned, pythonEnvironment } from './helpers/python-env.mjs';

ensureAll();
const python = pythonEnvironment(path.join(root, 'build/fixtures-venv'), pinned.keras);
const folder = path.join(root, 'build/keras-files');
const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3', TF_ENABLE_ONEDNN_OPTS: '1', PYTHONDONTWRITEBYTECODE: '1' };
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
step('saving models with Keras');
if (run(python, ['test/keras/make.py', folder, ...process.argv.slice(2)], { env }) !== 0) fail('Keras could not save its models');
const tensors = path.join(root, 'build/tensor-files');
rmSync(tensors, { recursive: true, force: true });
if (run(python, ['test/keras/tensors.py', 'make', tensors], { env }) !== 0) fail('NumPy and safetensors could not save their arrays');
const reports = ['reading', 'writing', 'reading-tensors', 'writing-tensors', 'exporting', 'importing', 'logs'].map((name) =>
  path.join(root, 'build', `keras-${name}.json`));
reports.forEach((report) => rmSync(report, { force: true }));
step('reading them, and saving them again');
const statuses = [node(['test/keras/round-trip.mjs', folder, reports[0]])];
step('reading those with Keras');
statuses.push(run(python, ['test/keras/check.py', folder, reports[1]], { env }));
step('arrays of NumPy and safetensors');
statuses.push(node(['test/keras/tensors.mjs', tensors, reports[2]]));
statuses.push(run(python, ['test/keras/tensors.py', 'check', tensors, reports[3]], { env }));
step('running ONNX files with onnxruntime');
const onnx = pythonEnvironment(path.join(root, 'build/onnx-venv'), pinned.onnx);
const exported = path.join(root, 'build/onnx-files');
rmSync(exported, { recursive: true, force: true });
statuses.push(node(['--conditions=keratin-modules', 'test/keras/onnx-export.mjs', exported, ...process.argv.slice(2)]));
statuses.push(run(onnx, ['test/keras/onnx_check.py', exported, reports[4]], { env }));
const imported = path.join(root, 'build/onnx-imports');
rmSync(imported, { recursive: true, force: true });
statuses.push(run(onnx, ['test/keras/onnx_make.py', imported], { env }));
statuses.push(node(['test/keras/onnx-import.mjs', imported, reports[5]]));
step('reading logs with TensorBoard');
const tensorboard = pythonEnvironment(path.join(root, 'build/tensorboard-venv'), pinned.tensorboard);
const logs = path.join(root, 'build/tensorboard-files');
rmSync(logs, { recursive: true, force: true });
statuses.push(node(['--conditions=keratin-modules', 'test/keras/tensorboard.mjs', logs]));
statuses.push(run(tensorboard, ['test/keras/tensorboard_check.py', logs, reports[6]], { env }));
const counts = reports.map((report) => (existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : { passed: 0, failed: 1 }));
const sum = (key) => counts.reduce((total, count) => total + count[key], 0);
step(`${sum('passed')} passed, ${sum('failed')} failed`);
mkdirSync(path.join(root, 'build/reports'), { recursive: true }); // read by scripts/ci-summary.mjs
writeFileSync(path.join(root, 'build/reports/keras.json'), JSON.stringify({ passed: sum('passed'), failed: sum('failed') }));
process.exit(statuses.every((status) => status === 0) ? 0 : 1);
