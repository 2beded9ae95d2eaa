// A step that runs op by op and fails leaves everything as it was after the last whole step, as compiled ones do.
import { expect, it } from '@jest/globals';
import { Input, Sequential, layers, ops, random, type Tensor, type Variable } from 'keratin';

const x = random.normal([8, 4], { seed: 1 });
const good = ops.convertToTensor([0, 1, 2, 0, 1, 2, 0, 1], { dtype: 'int32' });
const bad = ops.convertToTensor([0, 1, 2, 0, 1, 2, 0, 3], { dtype: 'int32' });
const message = /label 3 is out of range/;

it.each([
  ['trainOnBatch', (model: Sequential, y: Tensor) => model.trainOnBatch(x, y)],
  ['fit on arrays', (model: Sequential, y: Tensor) => model.fit(x, y, { batchSize: 8, verbose: 0 })],
  ['fit on a stream', (model: Sequential, y: Tensor) => model.fit([[x, y]][Symbol.iterator](), { verbose: 0 })],
])('%s', async (_, train) => {
  const model = new Sequential([
    Input([4]),
    new layers.Dense(5),
    new layers.BatchNormalization(),
    new layers.Dropout(0.5),
    new layers.Dense(3, { activation: 'softmax' }),
  ]);
  model.compile({ optimizer: 'adam', loss: 'sparse_categorical_crossentropy', runEagerly: true });
  await train(model, good);
  const state = (): unknown => [...model.weights, ...model.optimizer.variables].map((variable: Variable) => variable.tolist());
  const before = state();
  await expect(train(model, bad)).rejects.toThrow(message);
  expect(state()).toEqual(before);
  await train(model, good);
  expect(state()).not.toEqual(before);
});
