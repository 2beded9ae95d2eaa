// Worker threads, and the end of the process in the middle of a run.
import { expect, it } from '@jest/globals';
import { runScript } from '../helpers/child.js';

const TRAIN = `
  import * as keras from 'keratin';
  const model = new keras.Sequential([keras.Input({ shape: [64] }), new keras.layers.Dense(256, { activation: 'relu' }), new keras.layers.Dense(1)]);
  model.compile({ optimizer: 'adam', loss: 'mse' });
  const x = keras.random.normal([4096, 64], { seed: 1 }), y = keras.random.normal([4096, 1], { seed: 2 });`;

it('four worker threads load, train and exit cleanly at once', () => {
  const output = runScript(`
    import { Worker } from 'node:worker_threads';
    const code = ${JSON.stringify(`${TRAIN}
      const { parentPort } = await import('node:worker_threads');
      const history = await model.fit(x, y, { epochs: 3, verbose: 0 });
      parentPort.postMessage(history.history.loss.at(-1));`)};
    const url = new URL('data:text/javascript,' + encodeURIComponent(code.replaceAll("'keratin'", JSON.stringify(import.meta.resolve('keratin')))));
    const losses = await Promise.all([1, 2, 3, 4].map(() => new Promise((resolve, reject) => {
      const worker = new Worker(url);
      let loss;
      worker.on('message', (value) => { loss = value; });
      worker.on('error', reject);
      worker.on('exit', (status) => resolve([status, Number.isFinite(loss)]));
    })));
    console.log(JSON.stringify(losses));`);
  expect(JSON.parse(output)).toEqual([[0, true], [0, true], [0, true], [0, true]]);
});

it('process.exit in the middle of fit ends cleanly', () => {
  for (let i = 0; i < 3; i++) {
    runScript(`${TRAIN}
      setTimeout(() => process.exit(3), ${20 + i * 15});
      await model.fit(x, y, { epochs: 100000, verbose: 0 });`, { status: 3 });
  }
});

it('a worker that is terminated in the middle of fit does no harm', () => {
  const output = runScript(`
    import { Worker } from 'node:worker_threads';
    const code = ${JSON.stringify(`${TRAIN}
      await model.fit(x, y, { epochs: 100000, verbose: 0 });`)};
    const url = new URL('data:text/javascript,' + encodeURIComponent(code.replaceAll("'keratin'", JSON.stringify(import.meta.resolve('keratin')))));
    const worker = new Worker(url);
    await new Promise((resolve) => setTimeout(resolve, 400));
    await worker.terminate();
    const { ops } = await import('keratin');
    console.log(ops.sum(ops.ones([1000])).item());`);
  expect(output.trim()).toBe('1000');
});
