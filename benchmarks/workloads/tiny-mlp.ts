// An epoch of a 8-10-1 network: 768 samples in batches of 10. Measures what a training step costs besides arithmetic.
import { Sequential, callbacks, layers, ops } from 'keratin';
import { labels, uniform } from '../data.js';
import { EpochTimer, report } from '../timing.js';

const WARM_UP = 5;
const EPOCHS = 25;

const model = new Sequential([
  new layers.Dense(10, { activation: 'relu', inputShape: [8] }),
  new layers.Dense(1, { activation: 'sigmoid' }),
]);
model.compile({ optimizer: 'adam', loss: 'binary_crossentropy' });
const x = ops.reshape(uniform(768 * 8), [768, 8]);
const y = ops.reshape(ops.cast(labels(768, 2), 'float32'), [768, 1]);

const timer = new EpochTimer();
const { onEpochEnd } = timer;
const callback = new callbacks.LambdaCallback({ onEpochEnd });
await model.fit(x, y, { epochs: WARM_UP + EPOCHS, batchSize: 10, verbose: 0, callbacks: [callback] });
report(timer.seconds(WARM_UP));
