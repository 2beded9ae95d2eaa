// TensorFlow.js on its WebAssembly backend: `node tfjs_peer.mjs WORKLOAD FOLDER` prints one measurement; FOLDER holds the
// installed packages. Timed as benchmarks/timing.ts does.
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

const [, , workload, folder] = process.argv;
const require = createRequire(join(folder, 'package.json'));
const now = () => performance.now() / 1e3;

async function load() {
  const tf = require('@tensorflow/tfjs-core');
  const wasm = require('@tensorflow/tfjs-backend-wasm');
  const layers = require('@tensorflow/tfjs-layers');
  wasm.setThreadsCount(availableParallelism());
  await tf.setBackend('wasm');
  await tf.ready();
  return { tf, layers };
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

async function secondsPerCall(loop) {
  const start = now();
  let calls = 0;
  for (let n = 1; now() - start < 0.5; n = Math.min(2 * n, 1000)) {
    await loop(n);
    calls += n;
  }
  const perBatch = Math.max(1, Math.ceil((0.05 * calls) / (now() - start)));
  const batches = [];
  for (let i = 0; i < 10; i++) {
    const begin = now();
    await loop(perBatch);
    batches.push((now() - begin) / perBatch);
  }
  return median(batches);
}

/** Median seconds of an epoch of `fit`, after a warm-up on a few batches. */
async function epochSeconds(tf, model, x, y, batchSize, epochs) {
  const few = 10 * batchSize;
  await model.fit(tf.slice(x, [0], [few]), tf.slice(y, [0], [few]), { batchSize, epochs: 1, verbose: 0 });
  const ends = [now()];
  const onEpochEnd = () => void ends.push(now());
  await model.fit(x, y, { batchSize, epochs, verbose: 0, callbacks: { onEpochEnd } });
  return median(ends.slice(1).map((end, i) => end - ends[i]));
}

function tinyModel(layers) {
  return layers.sequential({
    layers: [
      layers.layers.dense({ units: 10, activation: 'relu', inputShape: [8] }),
      layers.layers.dense({ units: 1, activation: 'sigmoid' }),
    ],
  });
}

/** Seconds of `op(a, b)` on two tensors of this shape; results are freed as tfjs asks for. */
async function eager(shape, op) {
  const { tf } = await load();
  const [a, b] = [tf.randomUniform(shape), tf.randomUniform(shape)];
  return {
    seconds: await secondsPerCall((calls) => {
      for (let i = 0; i < calls; i++) tf[op](a, b).dispose();
    }),
  };
}

const workloads = {
  async tiny_mlp() {
    const { tf, layers } = await load();
    const model = tinyModel(layers);
    model.compile({ optimizer: 'adam', loss: 'binaryCrossentropy' });
    const y = tf.cast(tf.randomUniform([768, 1], 0, 2, 'int32'), 'float32');
    return { seconds: await epochSeconds(tf, model, tf.randomUniform([768, 8]), y, 10, 25) };
  },
  async mnist_mlp() {
    const { tf, layers } = await load();
    const model = layers.sequential({
      layers: [
        layers.layers.dense({ units: 512, activation: 'relu', inputShape: [784] }),
        layers.layers.dense({ units: 10, activation: 'softmax' }),
      ],
    });
    model.compile({ optimizer: 'adam', loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
    const y = tf.cast(tf.oneHot(tf.randomUniform([60000], 0, 10, 'int32'), 10), 'float32');
    return { seconds: await epochSeconds(tf, model, tf.randomUniform([60000, 784]), y, 128, 1) };
  },
  async predict1() {
    const { tf, layers } = await load();
    const model = tinyModel(layers);
    const x = tf.randomUniform([1, 8]);
    const loop = async (calls) => {
      for (let i = 0; i < calls; i++) {
        const y = model.predict(x);
        await y.data();
        y.dispose();
      }
    };
    return { seconds: await secondsPerCall(loop) };
  },
  gemm: () => eager([1024, 1024], 'matMul'),
  eager_add: () => eager([8, 8], 'add'),
  async import() {
    const start = now();
    await load();
    return { seconds: now() - start, rssMb: process.memoryUsage().rss / 2 ** 20 };
  },
};

const result = await workloads[workload]();
const { version } = require('@tensorflow/tfjs-core/package.json');
const line = JSON.stringify({ ...result, versions: { tfjs: version, node: process.versions.node } });
process.stdout.write(`${line}\n`, () => process.exit()); // the backend's threads would keep the process alive
