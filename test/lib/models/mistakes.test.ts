// Typical mistakes, and what the user reads.
import { inspect } from 'node:util';
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

/** A layer with this call. */
class Own extends layers.Layer {
  constructor(private readonly fn: (inputs: keras.Tensor) => unknown) {
    super();
  }
  override call(inputs: keras.Tensor): unknown {
    return this.fn(inputs);
  }
}
/** A layer without one. */
const Empty = class Empty extends (layers.Layer as unknown as new () => object) {} as unknown as new () => (
  inputs: keras.Tensor,
) => unknown;
/** Trains a model with this step. */
function stepping(step: (values: keras.Tensor) => unknown): Promise<unknown> {
  class Stepping extends keras.Model {
    override trainStep(data: unknown): never {
      return step((data as keras.Tensor[])[0]) as never;
    }
  }
  const input = keras.Input([4]);
  const net = new Stepping(input, new layers.Dense(1)(input));
  net.compile();
  return net.fit(x, null, quiet);
}

const mistakes: readonly (readonly [string, () => unknown, RegExp])[] = [
  [
    'a wrong number of features',
    () => model().fit(ops.ones([10, 5]), y, quiet),
    /layer "net".*expected shape=\(None, 4\), found shape=\(10, 5\)/,
  ],
  ['a wrong rank', () => model().fit(ops.ones([10, 4, 2]), y, quiet), /layer "net".*found shape=\(10, 4, 2\)/],
  [
    'x and y of different length',
    () => model().fit(x, ops.zeros([9], { dtype: 'int32' }), quiet),
    /same number of rows, received 10 in x and 9 in y/,
  ],
  [
    'an unknown option',
    () => new layers.Dense(3, wrong({ activaton: 'relu' })),
    /Dense: unknown option 'activaton'; did you mean 'activation'\?/,
  ],
  [
    'an unknown activation',
    () => new layers.Dense(3, wrong({ activation: 'rleu' })),
    /Dense: activation: unknown activation 'rleu'; did you mean 'relu'\?/,
  ],
  ['an unknown initializer', () => new layers.Dense(3, wrong({ kernelInitializer: 'glorot_unifrom' })), /did you mean 'glorot_uniform'\?/],
  [
    'an unknown loss',
    () => model().compile(wrong({ loss: 'categorical_crosentropy' })),
    /unknown loss.*did you mean 'categorical_crossentropy'\?/,
  ],
  ['an unknown optimizer', () => model().compile(wrong({ optimizer: 'adamm' })), /unknown optimizer 'adamm'; did you mean 'adam'\?/],
  [
    'an unknown metric',
    () => model().compile(wrong({ loss: 'mse', metrics: ['acuracy'] })),
    /unknown metric 'acuracy'; did you mean 'accuracy'\?/,
  ],
  ['an unknown option of fit', () => model().fit(x, y, wrong({ epohcs: 3 })), /fit: unknown option 'epohcs'; did you mean 'epochs'\?/],
  [
    'labels beyond the classes',
    () => model().fit(x, ops.full([10], 7, { dtype: 'int32' }), quiet),
    /sparse_categorical_crossentropy.*label 7 is out of range.*less than 3/,
  ],
  ['negative labels', () => model().fit(x, ops.full([10], -1, { dtype: 'int32' }), quiet), /label -1 is out of range/],
  [
    'fit before compile',
    () => new Sequential([new layers.Dense(2)], { name: 'raw' }).fit(x, y, quiet),
    /raw: call compile\(\) before fit\(\)/,
  ],
  [
    'evaluate before compile',
    () => new Sequential([new layers.Dense(2)], { name: 'raw' }).evaluate(x, y, quiet),
    /raw: call compile\(\) before evaluate\(\)/,
  ],
  ['no rows', () => model().fit(ops.zeros([0, 4]), ops.zeros([0]), quiet), /the data is empty/],
  ['an empty array', () => model().fit([], [], quiet), /the data is empty/],
  ['strings', () => model().fit(wrong([['a', 'b', 'c', 'd']]), [1], quiet), /x: expected arrays of numbers, received 'a'/],
  [
    'a ragged array',
    () =>
      model().fit(
        [
          [1, 2, 3, 4],
          [1, 2],
        ],
        [1, 0],
        quiet,
      ),
    /x: the nested array is ragged: element \[1\] has 2 values, expected 4/,
  ],
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
  [
    'weights of another shape',
    () => model().setWeights([ops.zeros([3, 3]), ops.zeros([3])]),
    /net\/dense.*kernel has shape \(4, 3\), received a value of shape \(3, 3\)/,
  ],
  ['too few weights', () => model().setWeights([ops.zeros([4, 3])]), /expects 2 weights, received 1/],
  ['what is no layer', () => new Sequential(wrong([3])), /only layers can be added/],
  [
    'two layers of one name',
    () => new Sequential([new layers.Dense(2, { name: 'a' }), new layers.Dense(2, { name: 'a' })]),
    /'a' is taken/,
  ],
  ['what is no callback', () => model().fit(x, y, wrong({ callbacks: [{}] })), /instances of keras.callbacks.Callback/],
  ['values of a traced tensor', () => keras.jit((t: keras.Tensor) => t.data)(x), /not known while a function is being compiled/],
  [
    'options in the place of y',
    () => model().fit(x, wrong({ epochs: 2, verbose: 0 })),
    /fit: the second argument is y, received the options \{epochs, verbose\}; write fit\(x, y, options\)/,
  ],
  [
    'a generator function',
    () =>
      model().fit(
        wrong(function* batches() {
          yield [x, y];
        }),
        wrong(quiet),
      ),
    /fit: x must be.*received the generator function batches.*batches\(\)/,
  ],
  [
    'a generator without a batch',
    () =>
      model().fit(
        (function* batches(): Generator<[keras.Tensor]> {
          /* none */
        })(),
        { verbose: 0 },
      ),
    /fit: the data set gave no batch\. A generator is read once/,
  ],
  [
    'an array of four as a batch',
    () =>
      model().predict(
        (function* batches() {
          yield [
            [1, 2],
            [3, 4],
            [5, 6],
            [7, 8],
          ];
        })(),
        { verbose: 0 },
      ),
    /predict: a batch is \[x\], \[x, y\] or \[x, y, sampleWeight\], received an array of 4 entries; write \[x\] for inputs alone/,
  ],
  [
    'an option of compile in fit',
    () => model().fit(x, y, wrong({ stepsPerExecution: 2 })),
    /fit: unknown option 'stepsPerExecution'; it is an option of compile/,
  ],
  [
    'an option of fit in compile',
    () => model().compile(wrong({ loss: 'mse', batchSize: 2 })),
    /compile: unknown option 'batchSize'; it is an option of fit/,
  ],
  [
    'arguments of compile by position',
    () => model().compile(wrong('adam')),
    /compile: expected an object of options, such as \{ optimizer \}, received 'adam'/,
  ],
  [
    "a callback's options by position",
    () => new keras.callbacks.EarlyStopping(wrong('val_loss')),
    /EarlyStopping: expected an object of options, such as \{ monitor \}, received 'val_loss'/,
  ],
  ['null for options', () => new keras.callbacks.EarlyStopping(wrong(null)), /EarlyStopping: expected an object of options.*received null/],
  [
    'a class of optimizers',
    () => model().compile(wrong({ optimizer: keras.optimizers.Adam })),
    /received the class Adam; did you mean an instance, new Adam\(…\)\?/,
  ],
  [
    'a class of callbacks',
    () => model().fit(x, y, wrong({ callbacks: [keras.callbacks.EarlyStopping] })),
    /received the class EarlyStopping; did you mean an instance/,
  ],
  [
    'a layer as data',
    () => new layers.Dense(2, { name: 'd' })(wrong(new layers.Dense(3))),
    /Dense "d": expected a tensor.*received a Dense$/,
  ],
  [
    'targets and outputs that do not fit',
    () => {
      const net = new Sequential([keras.Input([4]), new layers.Dense(3)]);
      net.compile({ loss: 'mean_squared_error' });
      return net.fit(x, ops.zeros([10, 2]), quiet);
    },
    /shapes \(10, 2\) and \(10, 3\) do not broadcast together\n\(in the loss mean_squared_error, called on y of shape \(10, 2\) and outputs of shape \(10, 3\)\)$/,
  ],
  [
    'targets and outputs that do not fit, of one output of several',
    () => {
      const input = keras.Input([4]);
      const net = new keras.Model(input, { a: new layers.Dense(1)(input), b: new layers.Dense(3)(input) });
      net.compile({ loss: 'mse' });
      return net.fit(x, { a: y, b: ops.zeros([10, 2]) }, quiet);
    },
    /\(in the loss \w+ of the output 'b', called on y of shape \(10, 2\) and outputs of shape \(10, 3\)\)$/,
  ],
  [
    'a metric of other targets',
    () => {
      const net = new Sequential([keras.Input([4]), new layers.Dense(3)]);
      net.compile({ loss: 'sparse_categorical_crossentropy', metrics: ['mae'] });
      return net.fit(x, y, quiet);
    },
    /\(in the metric mae, called on y of shape \(10,\) and outputs of shape \(10, 3\)\)$/,
  ],
  [
    'class numbers for one-hot labels',
    () => {
      const net = model();
      net.compile({ loss: 'categorical_crossentropy' });
      return net.fit(x, y, quiet);
    },
    /received \(10,\) and \(10, 3\); labels that are class numbers are for sparseCategoricalCrossentropy/,
  ],
  [
    'one-hot labels for class numbers',
    () => model().fit(x, ops.oneHot(y, 3), quiet),
    /received \(10, 3\) and \(10, 3\); one-hot labels are for categoricalCrossentropy/,
  ],
  [
    'validation data of different length',
    () => model().fit(x, y, { ...quiet, validationData: [x, ops.zeros([9])] }),
    /^validationData: x and y must have the same number of rows, received 10 in x and 9 in y/,
  ],
  [
    'class weights that are no object',
    () => model().fit(x, y, { ...quiet, classWeight: wrong(new Map([[0, 2]])) }),
    /classWeight: expected an object with a number for each class, such as \{ 0: 1, 1: 5 \}, received a Map/,
  ],
  [
    'class weights for targets of rank 3',
    () => model().fit(x, ops.ones([10, 2, 3]), { ...quiet, classWeight: { 0: 2 } }),
    /fit: classWeight: expected one class for each sample, in y of shape \(samples,\).*received y of shape \(10, 2, 3\); give sampleWeight instead/,
  ],
  [
    'class weights and sample weights',
    () => model().fit(x, y, { ...quiet, classWeight: { 0: 2 }, sampleWeight: ops.ones([10]) }),
    /fit: give classWeight or sampleWeight, not both/,
  ],
  [
    'a data set whose length is a method',
    () => {
      class Batches extends keras.utils.PyDataset {
        override getItem(): [keras.Tensor, keras.Tensor] {
          return [x, y];
        }
      }
      Object.defineProperty(Batches.prototype, 'length', { value: () => 2 });
      return model().fit(new Batches(), quiet);
    },
    /Batches: length must be the number of batches \(get length\(\) \{ … \}\), received/,
  ],
  [
    'a training step that returns nothing',
    () => stepping(() => undefined),
    /Stepping "stepping\w*": trainStep must return an object of numbers or tensors for the logs, such as \{ loss \}, received undefined/,
  ],
  ['a training step that returns a tensor', () => stepping(() => ops.zeros([])), /trainStep must return an object.*received a Tensor/],
  ['an asynchronous training step', () => stepping(() => Promise.resolve({})), /trainStep must not be async/],
  [
    'a log that is a text',
    () => stepping(() => ({ loss: 'low' })),
    /trainStep: the log 'loss' must be a number or a tensor, received 'low'/,
  ],
  [
    'an operator on a tensor while a step is compiled',
    () => stepping((values) => ({ loss: (ops.mean(values) as unknown as number) * 2 })),
    /operators do not compute with a Tensor that is being compiled; use its methods/,
  ],
  [
    'an operator on a tensor of several elements',
    () => (x as unknown as number) * 2,
    /operators do not compute with a Tensor of shape \(10, 4\)/,
  ],
  [
    'an operator on a variable of several elements',
    () => (new keras.Variable([1, 2]) as unknown as number) > 1,
    /operators do not compute with a Variable of shape \(2,\)/,
  ],
  [
    'an operator on a symbol',
    () => (keras.Input([4]) as unknown as number) + 1,
    /operators do not compute with a KerasTensor; use its methods/,
  ],
  ['a forgotten return', () => new Own(() => undefined)(x), /Own "own\w*": call returned undefined; was a return forgotten\?/],
  ['a forgotten return, on symbols', () => new Own(() => undefined)(keras.Input([4])), /call returned undefined/],
  ['a layer without call', () => new Empty()(x), /Empty "empty\w*": the class has no method call\(inputs, \{ training, mask \}\)/],
  [
    'a misspelt option of addWeight',
    () => new layers.Dense(2).addWeight(wrong({ shap: [2] })),
    /addWeight: unknown option 'shap'; did you mean 'shape'\?/,
  ],
  [
    'a shape by position in addWeight',
    () => new layers.Dense(2).addWeight(wrong([2])),
    /addWeight: expected an object of options, such as \{ shape \}, received \[2\]/,
  ],
  [
    'a required argument that is given twice',
    () => new layers.Dense(...(wrong([2, { units: 3 }]) as [number])),
    /Dense: units was given twice, as argument 1 and in the options/,
  ],
  [
    'a tensor for what a tape records',
    () => new keras.GradientTape().record(wrong(x)),
    /GradientTape\.record: expected a function.*received a Tensor/,
  ],
  ['a number for what jit compiles', () => keras.jit(wrong(3)), /jit: expected a function of tensors, received 3/],
  ['attention over rows', () => new layers.MultiHeadAttention(2, 2)(x, x), /MultiHeadAttention "\w+": the query must have at least 3 axes/],
  [
    'a number for the shape of an input',
    () => keras.Input(wrong(4)),
    /Input: expected the shape of a sample, such as \[4\], or options, received 4/,
  ],
];

describe('a mistake is explained', () => {
  it.each(mistakes)('%s', async (_, act, message) => {
    await expect((async () => act())()).rejects.toThrow(message);
  });
});

describe('what is shown', () => {
  it('of layers, models and optimizers is short', () => {
    const net = model();
    expect(inspect(net)).toBe('<Sequential name=net, built=true>');
    expect(`${net.layers[0]}`).toMatch(/^<Dense name=dense\w*, built=true>$/);
    expect(inspect([net.optimizer])).toMatch(/<SGD name=\w+, learningRate=0.0\d+, iterations=0>/);
    expect(String(keras.Input({ shape: [4], name: 'four' }))).toBe('<KerasTensor shape=(None, 4), dtype=float32, name=four>');
  });
  it('of tensors in operators is their number or text', () => {
    const two = ops.convertToTensor(2) as unknown as number;
    expect(two * 3 + two).toBe(8);
    expect(two < 3).toBe(true);
    expect(`${ops.ones([2])}`).toBe('[1. 1.]');
    expect(() => two + (ops.ones([2]) as unknown as number)).toThrow('use its methods or keras.ops');
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
    const stop = new keras.callbacks.LambdaCallback({
      onEpochEnd: (epoch: number) => {
        if (epoch === 2) controller.abort(new Error('enough'));
      },
    });
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
