// Typical mistakes, and what the user reads.
import { describe, expect, it } from '@jest/globals';
import * as keras from 'keratin';

const { layers, ops, Sequential } = keras;
const x = ops.ones([10, 4]);
const y = ops.zeros([10], { dtype: 'int32' });
const quiet = { verbose: 0 } as const;
/** Options that the types forbid. */
const wrong = (options: unknown) => options as never;

function model(): keras.Sequential {
  const made = new Sequential([keras.Input({ shape: [4] }), new layers.Dense(3, { activation: 'softmax' })], { name: 'net' });
  made.compile({ optimizer: 'sgd', loss: 'sparse_categorical_crossentropy', metrics: ['accuracy'] });
  return made;
}

const mistakes: readonly (readonly [string, () => unknown, RegExp])[] = [
  ['a wrong number of features', () => model().fit(ops.ones([10, 5]), y, quiet), /layer "net".*expected shape=\(None, 4\), found shape=\(10, 5\)/],
  ['a wrong rank', () => model().fit(ops.ones([10, 4, 2]), y, quiet), /layer "net".*found shape=\(10, 4, 2\)/],
  ['x and y of different length', () => model().fit(x, ops.zeros([9], { dtype: 'int32' }), quiet), /same number of rows, received 10 in x and 9 in y/],
  ['an unknown option', () => new layers.Dense(3, wrong({ activaton: 'relu' })), /Dense: unknown option 'activaton'; did you mean 'activation'\?/],
  ['an unknown activation', () => new layers.Dense(3, wrong({ activation: 'rleu' })), /Dense: activation: unknown activation 'rleu'; did you mean 'relu'\?/],
  ['an unknown initializer', () => new layers.Dense(3, wrong({ kernelInitializer: 'glorot_unifrom' })), /did you mean 'glorot_uniform'\?/],
  ['an unknown loss', () => model().compile(wrong({ loss: 'categorical_crosentropy' })), /unknown loss.*did you mean 'categorical_crossentropy'\?/],
  ['an unknown optimizer', () => model().compile(wrong({ optimizer: 'adamm' })), /unknown optimizer 'adamm'; did you mean 'adam'\?/],
  ['an unknown metric', () => model().compile(wrong({ loss: 'mse', metrics: ['acuracy'] })), /unknown metric 'acuracy'; did you mean 'accuracy'\?/],
  ['an unknown option of fit', () => model().fit(x, y, wrong({ epohcs: 3 })), /fit: unknown option 'epohcs'; did you mean 'epochs'\?/],
  ['labels beyond the classes', () => model().fit(x, ops.full([10], 7, { dtype: 'int32' }), quiet), /sparse_categorical_crossentropy.*label 7 is out of range.*less than 3/],
  ['negative labels', () => model().fit(x, ops.full([10], -1, { dtype: 'int32' }), quiet), /label -1 is out of range/],
  ['fit before compile', () => new Sequential([new layers.Dense(2)], { name: 'raw' }).fit(x, y, quiet), /raw: call compile\(\) before fit\(\)/],
  ['evaluate before compile', () => new Sequential([new layers.Dense(2)], { name: 'raw' }).evaluate(x, y, quiet), /raw: call compile\(\) before evaluate\(\)/],
  ['no rows', () => model().fit(ops.zeros([0, 4]), ops.zeros([0]), quiet), /the data is empty/],
  ['an empty array', () => model().fit([], [], quiet), /the data is empty/],
  ['strings', () => model().fit(wrong([['a', 'b', 'c', 'd']]), [1], quiet), /x: expected arrays of numbers, received 'a'/],
  ['a ragged array', () => model().fit([[1, 2, 3, 4], [1, 2]], [1, 0], quiet), /x: the nested array is ragged: element \[1\] has 2 values, expected 4/],
  ['numbers beside arrays', () => model().fit(wrong([[1, 2, 3, 4], 5]), [1, 0], quiet), /ragged.*single value/],
  ['negative units', () => new layers.Dense(-3), /Dense: units must be an integer >= 1, received -3/],
  ['fractional units', () => new layers.Dense(2.5), /Dense: units must be an integer >= 1, received 2.5/],
  ['missing units', () => new (layers.Dense as unknown as new () => unknown)(), /Dense: units is required/],
  ['a negative batch size', () => model().fit(x, y, { batchSize: -1 }), /batchSize must be an integer >= 1, received -1/],
  ['a fractional batch size', () => model().fit(x, y, { batchSize: 1.5 }), /batchSize must be an integer >= 1, received 1.5/],
  ['epochs that are no number', () => model().fit(x, y, wrong({ epochs: '3' })), /epochs must be an integer >= 0, received '3'/],
  ['a validation split beyond 1', () => model().fit(x, y, { validationSplit: 1.5 }), /validationSplit must be >= 0 and < 1, received 1.5/],
  ['a missing y', () => model().fit(x, null, quiet), /net: the loss needs targets/],
  ['an aborted signal', () => model().fit(x, y, { signal: AbortSignal.abort() }), /aborted/],
  ['weights of another shape', () => model().setWeights([ops.zeros([3, 3]), ops.zeros([3])]), /net\/dense.*kernel has shape \(4, 3\), received a value of shape \(3, 3\)/],
  ['too few weights', () => model().setWeights([ops.zeros([4, 3])]), /expects 2 weights, received 1/],
  ['what is no layer', () => new Sequential(wrong([3])), /only layers can be added/],
  ['two layers of one name', () => new Sequential([new layers.Dense(2, { name: 'a' }), new layers.Dense(2, { name: 'a' })]), /'a' is taken/],
  ['what is no callback', () => model().fit(x, y, wrong({ callbacks: [{}] })), /instances of keras.callbacks.Callback/],
  ['values of a traced tensor', () => keras.jit((t: keras.Tensor) => t.data)(x), /not known while a function is being compiled/],
  ['a layer without weights to train', () => {
    const frozen = model();
    frozen.trainable = false;
    return frozen.fit(x, y, quiet);
  }, /net: has no trainable weights/],
];

describe('a mistake is explained', () => {
  it.each(mistakes)('%s', async (_, act, message) => {
    await expect((async () => act())()).rejects.toThrow(message);
  });
});

describe('after an error', () => {
  it('a label outside of the classes leaves the weights as they were', async () => {
    const net = model();
    const before = net.getWeights().map((w) => w.tolist());
    await expect(net.fit(x, ops.full([10], 7, { dtype: 'int32' }), quiet)).rejects.toThrow(/out of range/);
    expect(net.getWeights().map((w) => w.tolist())).toEqual(before);
    await net.fit(x, y, quiet); // and the model still trains
  });

  it('an abort stops fit between steps, and the model goes on', async () => {
    const net = model();
    const controller = new AbortController();
    const stop = new keras.callbacks.LambdaCallback({ onEpochEnd: (epoch: number) => { if (epoch === 2) controller.abort(new Error('enough')); } });
    await expect(net.fit(x, y, { epochs: 1000, verbose: 0, callbacks: [stop], signal: controller.signal })).rejects.toThrow('enough');
    const history = await net.fit(x, y, quiet);
    expect(history.epoch).toEqual([0]);
  });

  it('only one fit at a time trains a model', async () => {
    const net = model();
    const first = net.fit(x, y, { epochs: 20, verbose: 0 });
    await expect(net.fit(x, y, quiet)).rejects.toThrow(/while the model is being trained/);
    expect((await first).epoch.length).toBe(20);
  });
});
