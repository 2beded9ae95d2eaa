// An epoch of a classifier of texts by two blocks of a transformer's encoder: 512 texts of 128 tokens, in batches of 32.
import { Input, Model, callbacks, layers, ops } from 'keratin';
import { labels } from '../data.js';
import { EpochTimer, report } from '../timing.js';

const SAMPLES = 512;
const LENGTH = 128;
const TOKENS = 20000;
const WIDTH = 128;
const WARM_UP = 1;
const EPOCHS = 3;

const inputs = Input([LENGTH], { dtype: 'int32' });
let x = new layers.Embedding(TOKENS, WIDTH)(inputs);
for (let block = 0; block < 2; block++) {
  const attended = new layers.MultiHeadAttention(4, WIDTH / 4)(x, x);
  x = new layers.LayerNormalization()(new layers.Add()([x, attended]));
  const hidden = new layers.Dense(4 * WIDTH, { activation: 'relu' })(x);
  x = new layers.LayerNormalization()(new layers.Add()([x, new layers.Dense(WIDTH)(hidden)]));
}
const outputs = new layers.Dense(1, { activation: 'sigmoid' })(new layers.GlobalAveragePooling1D()(x));
const model = new Model(inputs, outputs);
model.compile({ optimizer: 'adam', loss: 'binary_crossentropy', metrics: ['accuracy'] });

const timer = new EpochTimer();
const { onEpochEnd } = timer;
const callback = new callbacks.LambdaCallback({ onEpochEnd });
const texts = ops.reshape(labels(SAMPLES * LENGTH, TOKENS), [SAMPLES, LENGTH]);
const classes = ops.reshape(ops.cast(labels(SAMPLES, 2), 'float32'), [SAMPLES, 1]);
await model.fit(texts, classes, { epochs: WARM_UP + EPOCHS, batchSize: 32, verbose: 0, callbacks: [callback] });
report(timer.seconds(WARM_UP));
