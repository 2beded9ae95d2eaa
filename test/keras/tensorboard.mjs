// Writes a training's logs for TensorBoard into a folder, and what is in them as JSON beside it, for tensorboard_check.py.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import * as keras from '../../dist/index.js';

const [folder] = process.argv.slice(2);
keras.utils.setRandomSeed(1);
const model = new keras.Sequential([
  keras.Input([6, 6, 1]), new keras.layers.Conv2D(3, 3, { name: 'conv' }), new keras.layers.Flatten(), new keras.layers.Dense(2, { name: 'dense' }),
], { name: 'net' });
model.compile({ optimizer: 'sgd', loss: 'mse', metrics: ['mae'] });
const [x, y] = [keras.random.uniform([40, 6, 6, 1]), keras.random.uniform([40, 2])];
const { history } = await model.fit(x, y, {
  epochs: 2, batchSize: 8, validationData: [x, y], verbose: 0,
  callbacks: [new keras.callbacks.TensorBoard(folder, { histogramFreq: 1, writeImages: true, updateFreq: 2, writeStepsPerSecond: true })],
});
const weights = Object.fromEntries(model.weights.map((weight) => [weight.path, [...weight.value.data]]));
writeFileSync(path.join(folder, 'expected.json'), JSON.stringify({ history, weights, model: JSON.parse(model.toJson()) }));
