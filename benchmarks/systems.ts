// Who is measured: Keratin, and the peers that are installed here. A system is a command that measures one workload in a
// process of its own and prints a `Measurement` as its last line.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's root, seen from build/benchmarks. */
export const root = fileURLToPath(new URL('../../', import.meta.url));
const peers = join(root, 'benchmarks', 'peers');

/** A framework that can be measured. */
export interface System {
  name: string;
  /** The program and arguments that measure this workload. */
  command(workload: string): string[];
  env?: Record<string, string>;
  /** Workloads that it has no counterpart of. */
  lacks?: readonly string[];
}

/** A network that only Keras has ready-made. */
const networks: readonly string[] = ['resnet50_1', 'resnet50_8', 'load', 'save'];

/** What only we are measured at, for comparison with another workload. */
const floors: readonly string[] = ['read_build', 'write_build'];

/** Ourselves. */
export const keratin: System = {
  name: 'keratin',
  command: (workload) => [
    process.execPath,
    join(root, 'build', 'benchmarks', 'workloads', `${workload.replaceAll('_', '-')}.js`),
  ],
};

/** The names that `--peers` takes. */
export const peerNames = ['keras-tensorflow', 'keras-jax', 'torch', 'tfjs-wasm'] as const;

/** The peers that are installed: those of this interpreter (by default that of `npm run peers`), and tfjs from npm. */
export function findPeers(python?: string): System[] {
  return [...pythonPeers(python ?? defaultPython()), ...nodePeers()];
}

function defaultPython(): string {
  const own = ['bin/python', 'Scripts/python.exe'].map((p) => join(root, 'build', 'peers', 'venv', p)).find(existsSync);
  return own ?? process.env.KERATIN_PYTHON ?? 'python3';
}

function pythonPeers(python: string): System[] {
  const names = ['keras', 'tensorflow', 'jax', 'torch'];
  const probe = `from importlib.util import find_spec; print(*[n for n in ${JSON.stringify(names)} if find_spec(n)])`;
  const found = spawnSync(python, ['-c', probe], { encoding: 'utf8' });
  const has = new Set((found.stdout ?? '').trim().split(' '));
  const script = (file: string) => (workload: string) => [python, '-B', join(peers, file), workload];
  const systems: System[] = [];
  for (const backend of ['tensorflow', 'jax']) {
    if (!has.has('keras') || !has.has(backend)) continue;
    const env = { KERAS_BACKEND: backend, TF_CPP_MIN_LOG_LEVEL: '3', JAX_PLATFORMS: 'cpu', CUDA_VISIBLE_DEVICES: '-1' };
    systems.push({ name: `keras-${backend}`, command: script('keras_peer.py'), env, lacks: ['kernels', ...floors] });
  }
  if (has.has('torch')) {
    const env = { CUDA_VISIBLE_DEVICES: '-1' };
    systems.push({ name: 'torch', command: script('torch_peer.py'), env, lacks: ['predict1', ...networks, ...floors] });
  }
  return systems;
}

function nodePeers(): System[] {
  const folder = join(root, 'build', 'peers', 'node');
  if (!existsSync(join(folder, 'node_modules', '@tensorflow', 'tfjs-backend-wasm'))) return [];
  const command = (workload: string) => [process.execPath, join(peers, 'tfjs_peer.mjs'), workload, folder];
  return [{ name: 'tfjs-wasm', command, lacks: ['kernels', 'cifar_cnn', 'lstm', 'gru', 'transformer', ...networks, ...floors] }];
}
