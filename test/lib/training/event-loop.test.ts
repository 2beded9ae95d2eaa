// Timers and I/O are served while small models run in a loop that awaits nothing else.
import { describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { callbacks, Input, layers, ops, Sequential } from 'keratin';

const [x, y] = [ops.ones([1, 8]), ops.ones([1, 1])];
function model(runEagerly = false): Sequential {
  const made = new Sequential([Input([8]), new layers.Dense(10, { activation: 'relu' }), new layers.Dense(1)]);
  made.compile({ optimizer: 'sgd', loss: 'mse', runEagerly });
  return made;
}
function* rows(count: number): Generator<[typeof x, typeof y]> {
  for (let i = 0; i < count; i++) yield [x, y];
}
const each = new callbacks.LambdaCallback({ onTestBatchEnd: () => undefined, onPredictBatchEnd: () => undefined });

const CALLS: [string, (made: Sequential) => Promise<unknown>][] = [
  ['predict', (made) => made.predict(x, { verbose: 0 })],
  ['predict of several batches', (made) => made.predict(ops.ones([4, 8]), { verbose: 0, batchSize: 1, callbacks: [each] })],
  ['predict of a stream', (made) => made.predict(rows(3), { verbose: 0 })],
  ['predictOnBatch', (made) => made.predictOnBatch(x)],
  ['evaluate', (made) => made.evaluate(x, y, { verbose: 0, callbacks: [each] })],
  ['evaluate of a stream', (made) => made.evaluate(rows(3), null, { verbose: 0, callbacks: [each] })],
  ['trainOnBatch', (made) => made.trainOnBatch(x, y)],
  ['testOnBatch', (made) => made.testOnBatch(x, y)],
];

describe.each([[false], [true]])('the event loop turns, with runEagerly %s,', (runEagerly) => {
  it.each(CALLS)('in a loop of %s', async (_, call) => {
    const made = model(runEagerly);
    await call(made); // compiles
    let [timers, reads, ended] = [0, 0, false];
    const timer = setInterval(() => timers++, 1);
    const reading = (async () => {
      for (; !ended; reads++) await readFile(fileURLToPath(import.meta.url));
    })();
    const end = performance.now() + 5000; // far more than it takes on a busy machine
    while ((timers < 20 || reads < 5) && performance.now() < end) await call(made);
    ended = true;
    clearInterval(timer);
    const seen = [timers, reads];
    await reading;
    expect(seen[0]).toBeGreaterThanOrEqual(20);
    expect(seen[1]).toBeGreaterThanOrEqual(5);
  });
});
