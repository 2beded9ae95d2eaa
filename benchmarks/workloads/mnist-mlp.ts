// An epoch of a 784-512-10 network on 60,000 images the size of MNIST's, in batches of 128.
import { Sequential, callbacks, layers, ops, utils } from 'keratin';
import { labels, uniform } from '../data.js';
import { EpochTimer, report } from '../timing.js';

const SAMPLES = 60_000;
const WARM_UP = 1;
const EPOCHS = 3;

const model = new Sequential([
  new layers.Dense(512, { activation: 'relu', inputShape: [784] }),
  new layers.Dense(10, { activation: 'softmax' }),
]);
model.compile({ optimizer: 'adam', loss: 'categorical_crossentropy', metrics: ['accuracy'] });
const x = ops.reshape(uniform(SAMPLES * 784), [SAMPLES, 784]);
const y = utils.toCategorical(labels(SAMPLES, 10), 10);

const timer = new EpochTimer();
const { onEpochEnd } = timer;
const callback = new callbacks.LambdaCallback({ onEpochEnd });
await model.fit(x, y, { epochs: WARM_UP + EPOCHS, batchSize: 128, verbose: 0, callbacks: [callback] });
report(timer.seconds(WARM_UP));
