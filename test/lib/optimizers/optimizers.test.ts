// Optimizers beyond recorded trainings: config round trips, state, and the errors of those around others.
import { describe, expect, it } from '@jest/globals';
import { Input, layers, ops, optimizers, Sequential, Variable } from 'keratin';

const { Adam, LossScaleOptimizer, MultiOptimizer, OptimizerMap, SGD } = optimizers;
const weight = (path: string): Variable => Object.assign(new Variable([1, 2]), { path });

const plain = [
  'Adadelta',
  'Adafactor',
  'Adagrad',
  'Adam',
  'AdamW',
  'Adamax',
  'Ftrl',
  'Lamb',
  'Lion',
  'Muon',
  'Nadam',
  'RMSprop',
  'SGD',
  'ScheduleFreeAdamW',
] as const;
describe.each(plain)('%s', (name) => {
  const Class = (optimizers as unknown as Record<string, new (rate?: unknown, options?: object) => optimizers.Optimizer>)[name];
  it('has the config that it was made from, with a schedule and every base option too', () => {
    const schedule = new optimizers.schedules.ExponentialDecay(0.1, 10, 0.5);
    for (const made of [
      new Class(), new Class(schedule), new Class(0.5, { weightDecay: 0.125, clipnorm: 2, gradientAccumulationSteps: 2, name: 'mine' }),
      new Class(0.5, { useEma: true, emaMomentum: 0.5, emaOverwriteFrequency: 3, globalClipnorm: 2, lossScaleFactor: 4 }),
    ]) {
      const again = optimizers.deserialize(optimizers.serialize(made));
      expect(again).toBeInstanceOf(Class);
      expect(again.getConfig()).toEqual(made.getConfig());
    }
  });
  it('goes on from the state of another', () => {
    // Muon updates matrices its own way.
    const make = () => new Variable([[1, 2], [3, 5]], { dtype: 'float32' });
    const gradient = ops.convertToTensor([[0.5, -1], [2, 0.25]]);
    const [a, b] = [new Class(0.1), new Class(0.1)];
    const [v, w] = [make(), make()];
    a.apply([gradient], [v]);
    b.build([w]);
    b.setWeights(a.variables.map(({ value }) => value));
    w.assign(v.value);
    a.apply([gradient], [v]);
    b.apply([gradient], [w]);
    expect(w.tolist()).toEqual(v.tolist());
  });
});

describe('setWeights', () => {
  it('says what does not fit, and sets nothing then', () => {
    const optimizer = new Adam(0.1);
    expect(() => optimizer.setWeights([])).toThrow(/call build\(trainableVariables\) before setWeights/);
    optimizer.build([new Variable([1, 2])]);
    expect(() => optimizer.setWeights([1])).toThrow(/setWeights expects 4 values, received 1/);
    expect(() => optimizer.setWeights([7, 0.5, [1, 2, 3], [1, 2]])).toThrow(/has shape \(2,\), received a value of shape \(3,\)/);
    expect(Number(optimizer.iterations.item())).toBe(0);
  });
});

describe('OptimizerMap', () => {
  it('gives the optimizer of a path, of an expression, or the default one', () => {
    const [a, b, c] = [new SGD(0.1), new Adam(), new SGD(0.2)];
    const map = new OptimizerMap(c, { optimizerMap: { 'dense/kernel': a, '.*/bias': b } });
    expect([map(weight('dense/kernel')), map(weight('dense/bias')), map(weight('other'))]).toEqual([a, b, c]);
  });
  it('refuses what is no optimizer, and keys that are ambiguous', () => {
    expect(() => new OptimizerMap('adam' as never)).toThrow(/defaultOptimizer must be an Optimizer, received 'adam'/);
    expect(() => new OptimizerMap(new LossScaleOptimizer(new SGD()))).toThrow(/cannot be a LossScaleOptimizer/);
    expect(() => new OptimizerMap(new SGD(), { optimizerMap: { a: 3 as never } })).toThrow(
      /optimizerMap\['a'\] must be an Optimizer, received 3/,
    );
    expect(() => new OptimizerMap(new SGD(), { optimizrMap: {} } as never)).toThrow(/did you mean 'optimizerMap'/);
    const map = new OptimizerMap(new SGD(), { optimizerMap: { 'a.*': new SGD(), '.*b': new SGD() } });
    expect(() => map(weight('ab'))).toThrow(/more than one key matches the variable ab: a\.\*, \.\*b/);
  });
});

describe('MultiOptimizer', () => {
  it('has no rate of its own, and needs a map', () => {
    expect(() => new MultiOptimizer(new SGD() as never)).toThrow(/optimizerMap must be an OptimizerMap or a function/);
    const optimizer = new MultiOptimizer(new OptimizerMap(new SGD(0.1)));
    expect(() => optimizer.learningRate).toThrow(/has no rate of its own; read that of one of its optimizers/);
    expect(() => {
      optimizer.learningRate = 0.1;
    }).toThrow(/set that of one of its optimizers/);
  });
  it('has the config that it was made from', () => {
    const made = new MultiOptimizer(new OptimizerMap(new SGD(0.1), { optimizerMap: { '.*bias': new Adam(0.2) } }));
    const again = optimizers.deserialize(optimizers.serialize(made));
    expect(again.getConfig()).toEqual(made.getConfig());
  });
});

describe('LossScaleOptimizer', () => {
  it('refuses what belongs to the inner optimizer', () => {
    expect(() => new LossScaleOptimizer('sgd' as never)).toThrow(/innerOptimizer must be an Optimizer, received 'sgd'/);
    expect(() => new LossScaleOptimizer(new SGD(), { clipnorm: 1 } as never)).toThrow(
      /clipnorm is an option of the inner optimizer, received 1/,
    );
    expect(() => new LossScaleOptimizer(new SGD(), { dynamic: false } as never)).toThrow(/the scale is always dynamic/);
    expect(() => new LossScaleOptimizer(new SGD(), { initialScale: 0 })).toThrow(/initialScale must be a number > 0, received 0/);
  });
  it('has the config that it was made from', () => {
    const made = new LossScaleOptimizer(new Adam(0.25), { initialScale: 8, dynamicGrowthSteps: 3 });
    const again = optimizers.deserialize(optimizers.serialize(made));
    expect(again.getConfig()).toEqual(made.getConfig());
  });
});

describe('autoScaleLoss', () => {
  const model = (dtype: string) => new Sequential([Input([3]), new layers.Dense(1)], { dtype } as never);
  it('scales the loss of mixed_float16 models, unless it is turned off', () => {
    const [scaled, off, full] = [model('mixed_float16'), model('mixed_float16'), model('float32')];
    scaled.compile({ optimizer: 'sgd', loss: 'mse' });
    off.compile({ optimizer: 'sgd', loss: 'mse', autoScaleLoss: false });
    full.compile({ optimizer: 'sgd', loss: 'mse' });
    expect(scaled.optimizer).toBeInstanceOf(LossScaleOptimizer);
    expect(off.optimizer).toBeInstanceOf(SGD);
    expect(full.optimizer).toBeInstanceOf(SGD);
    const own = new LossScaleOptimizer(new SGD());
    scaled.compile({ optimizer: own, loss: 'mse' });
    expect(scaled.optimizer).toBe(own);
  });
});

describe('a variable whose gradient is its new value', () => {
  const make = () => ({
    weight: new Variable([1, 2], { dtype: 'float32', name: 'weight' }),
    range: new Variable([3, 4], { dtype: 'float32', name: 'range', overwriteWithGradient: true }),
  });

  it.each(['SGD', 'Adam', 'Adafactor', 'Muon', 'ScheduleFreeAdamW', 'RMSprop', 'Lion', 'LossScaleOptimizer'] as const)(
    'is assigned by %s, which has no slots for it',
    (name) => {
      const { weight, range } = make();
      const optimizer =
        name === 'LossScaleOptimizer'
          ? new optimizers.LossScaleOptimizer(new optimizers.SGD({ useEma: true, clipnorm: 1 }))
          : new optimizers[name]({ weightDecay: 0.1 });
      optimizer.apply(
        [
          [0.5, 0.5],
          [7, 8],
        ],
        { trainableVariables: [weight, range] },
      );
      expect(range.value.tolist()).toEqual([7, 8]);
      expect(weight.value.tolist()).not.toEqual([1, 2]);
      expect(optimizer.variables.filter(({ path }) => path.includes('range_')).length).toBe(0);
    },
  );

  it('takes the largest of the gradients that are accumulated', () => {
    const { weight, range } = make();
    const optimizer = new optimizers.SGD({ learningRate: 1, gradientAccumulationSteps: 2 });
    const step = (values: number[]) => optimizer.apply([[1, 1], values], { trainableVariables: [weight, range] });
    step([9, 1]);
    expect(range.value.tolist()).toEqual([3, 4]);
    step([5, 6]);
    expect(range.value.tolist()).toEqual([9, 6]);
    expect(weight.value.tolist()).toEqual([0, 1]);
  });

  it('is assigned without state too', () => {
    const { weight, range } = make();
    const optimizer = new optimizers.Adam();
    optimizer.build([weight, range]);
    const [values] = optimizer.statelessApply(optimizer.variables.map((v) => v.value), [[0.5, 0.5], [7, 8]], [weight.value, range.value]);
    expect(values[1].tolist()).toEqual([7, 8]);
    expect(range.value.tolist()).toEqual([3, 4]);
  });
});
