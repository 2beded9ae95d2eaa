// A step that data make fail leaves everything as it was after the last whole step.
import { expect, it } from '@jest/globals';
import * as keras from 'keratin';
import { ops, random } from 'keratin';

const x = random.normal([6, 4], { seed: 1 });
const [good, bad] = [[0, 1, 2, 0, 1, 0], [0, 1, 2, 9, 1, 0]].map((labels) => ops.array(labels, { dtype: 'int32' }));

it.each([
  ['trainOnBatch', (model: keras.Sequential) => model.trainOnBatch(x, bad)],
  ['fit on arrays', (model: keras.Sequential) => model.fit(x, bad, { batchSize: 6, verbose: 0 })],
  ['fit on a stream', (model: keras.Sequential) => model.fit((function* () { yield [x, bad]; })() as never, { verbose: 0 })],
])('%s: weights, moving statistics, the optimizer and random states', async (_, run) => {
  const layers = [
    keras.Input([4]),
    new keras.layers.Dense(5),
    new keras.layers.BatchNormalization(),
    new keras.layers.Dropout(0.5),
    new keras.layers.Dense(3, { activation: 'softmax' }),
  ];
  const model = new keras.Sequential(layers as never);
  model.compile({ optimizer: 'adam', loss: 'sparse_categorical_crossentropy' });
  await model.trainOnBatch(x, good);
  const state = () => [...model.variables, ...model.optimizer.variables].map((variable) => [variable.path, variable.tolist()]);
  const before = state();
  await expect(run(model)).rejects.toThrow(/9 is out of range|9/);
  expect(state()).toEqual(before);
});
