// The training that scripts/test-kill.mjs kills: `node train.mjs FOLDER`. A convolutional network with augmentation, dropout, a schedule
// and checkpoints. At its end it writes result.json: digests of the weights and of the optimizer's state, and the history.
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import * as keras from 'keratin';

const [folder] = process.argv.slice(2);
const { callbacks, layers, optimizers } = keras;
keras.utils.setRandomSeed(11);
const x = keras.random.uniform([240, 12, 12, 1], { seed: 1 });
const y = keras.random.randint([240], 0, 3, { seed: 2 });
const model = new keras.Sequential([
  keras.Input([12, 12, 1]),
  new layers.RandomFlip('horizontal'),
  new layers.RandomRotation(0.1),
  new layers.Conv2D(8, 3, { activation: 'relu' }),
  new layers.BatchNormalization(),
  new layers.MaxPooling2D(),
  new layers.Dropout(0.3),
  new layers.Flatten(),
  new layers.Dense(3),
]);
const learningRate = new optimizers.schedules.CosineDecay(0.01, 60);
const loss = new keras.losses.SparseCategoricalCrossentropy({ fromLogits: true });
model.compile({ optimizer: new optimizers.AdamW({ learningRate }), loss, metrics: ['accuracy'] });
const { history } = await model.fit(x, y, {
  epochs: 5,
  batchSize: 16,
  validationSplit: 0.2,
  verbose: 0,
  callbacks: [
    new callbacks.BackupAndRestore(path.join(folder, 'backup'), { saveFreq: 2 }),
    new callbacks.EarlyStopping({ monitor: 'val_loss', patience: 4, restoreBestWeights: true }),
    new callbacks.ModelCheckpoint(path.join(folder, 'best.keras'), { saveBestOnly: true }),
    new callbacks.CSVLogger(path.join(folder, 'log.csv')),
  ],
});
const digest = (tensors) => {
  const hash = createHash('sha256');
  for (const { data } of tensors) hash.update(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  return hash.digest('hex');
};
const optimizer = digest(model.optimizer.variables.map(({ value }) => value));
writeFileSync(path.join(folder, 'result.json'), JSON.stringify({ weights: digest(model.getWeights()), optimizer, history }));
