// An epoch of the convolutional network of the CIFAR-10 tutorial (32, 64 and 64 filters) on 5,000 images, in batches of 64.
import { Sequential, callbacks, layers, losses, ops } from 'keratin';
import { labels, uniform } from '../data.js';
import { EpochTimer, report } from '../timing.js';

const SAMPLES = 5000;
const WARM_UP = 1;
const EPOCHS = 3;

const model = new Sequential([
  new layers.Conv2D(32, 3, { activation: 'relu', inputShape: [32, 32, 3] }),
  new layers.MaxPooling2D(),
  new layers.Conv2D(64, 3, { activation: 'relu' }),
  new layers.MaxPooling2D(),
  new layers.Conv2D(64, 3, { activation: 'relu' }),
  new layers.Flatten(),
  new layers.Dense(64, { activation: 'relu' }),
  new layers.Dense(10),
]);
model.compile({ optimizer: 'adam', loss: new losses.SparseCategoricalCrossentropy({ fromLogits: true }), metrics: ['accuracy'] });
const x = ops.reshape(uniform(SAMPLES * 32 * 32 * 3), [SAMPLES, 32, 32, 3]);
const y = ops.reshape(labels(SAMPLES, 10), [SAMPLES, 1]);

const timer = new EpochTimer();
const { onEpochEnd } = timer;
const callback = new callbacks.LambdaCallback({ onEpochEnd });
await model.fit(x, y, { epochs: WARM_UP + EPOCHS, batchSize: 64, verbose: 0, callbacks: [callback] });
report(timer.seconds(WARM_UP));
