// What the classifiers of texts share: an embedding of 20,000 tokens in 128 numbers before, a sigmoid behind.
import { Input, Sequential, callbacks, layers, ops } from 'keratin';
import { labels } from './data.js';
import { EpochTimer, report } from './timing.js';

const SAMPLES = 1024;
const LENGTH = 80;
const TOKENS = 20000;
const WARM_UP = 1;
const EPOCHS = 3;

/** Trains a classifier with this layer between the embedding and the output, and reports the seconds of an epoch. */
export async function reportTexts(layer: layers.Layer): Promise<void> {
  const model = new Sequential([
    Input([LENGTH], { dtype: 'int32' }),
    new layers.Embedding(TOKENS, 128),
    layer,
    new layers.Dense(1, { activation: 'sigmoid' }),
  ]);
  model.compile({ optimizer: 'adam', loss: 'binary_crossentropy', metrics: ['accuracy'] });
  const x = ops.reshape(labels(SAMPLES * LENGTH, TOKENS), [SAMPLES, LENGTH]);
  const y = ops.reshape(ops.cast(labels(SAMPLES, 2), 'float32'), [SAMPLES, 1]);
  const timer = new EpochTimer();
  const { onEpochEnd } = timer;
  const callback = new callbacks.LambdaCallback({ onEpochEnd });
  await model.fit(x, y, { epochs: WARM_UP + EPOCHS, batchSize: 32, verbose: 0, callbacks: [callback] });
  report(timer.seconds(WARM_UP));
}
