// keras.config, keras.backend, and the scopes on the top level.
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { readFileSync } from 'node:fs';
import {
  backend,
  config,
  device,
  GradientTape,
  Input,
  KerasTensor,
  layers,
  nameScope,
  ops,
  RematScope,
  Sequential,
  StatelessScope,
  SymbolicScope,
  type Tensor,
  utils,
  Variable,
  version,
} from 'keratin';

afterEach(() => {
  config.setMaxEpochs(null);
  config.setMaxStepsPerEpoch(null);
  config.enableInteractiveLogging();
  config.enableTracebackFiltering();
});

const small = () => {
  const model = new Sequential([Input([2]), new layers.Dense(1)]);
  model.compile({ optimizer: 'sgd', loss: 'mse' });
  return model;
};

describe('config', () => {
  it('limits epochs and steps', async () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    try {
      config.setMaxEpochs(2);
      config.setMaxStepsPerEpoch(3);
      expect([config.maxEpochs(), config.maxStepsPerEpoch()]).toEqual([2, 3]);
      const model = small();
      const history = await model.fit(ops.ones([20, 2]), ops.ones([20, 1]), { epochs: 5, batchSize: 2, verbose: 0 });
      expect(history.epoch).toEqual([0, 1]);
      expect(Number(model.optimizer.iterations.item())).toBe(6);
      expect((await model.predict(ops.ones([20, 2]), { batchSize: 2, verbose: 0 })).shape).toEqual([6, 1]);
      expect((await model.predict(ops.ones([4, 2]), { batchSize: 2, verbose: 0 })).shape).toEqual([4, 1]);
      expect(() => config.setMaxEpochs(-1)).toThrow(RangeError);
    } finally {
      warn.mockRestore();
    }
  });

  it('keeps quiet without interactive logging', async () => {
    const write = jest.spyOn(process.stdout, 'write').mockImplementation(() => true);
    try {
      utils.disableInteractiveLogging();
      expect(config.isInteractiveLoggingEnabled()).toBe(false);
      const model = small();
      await model.fit(ops.ones([4, 2]), ops.ones([4, 1]), { epochs: 2, verbose: 2 });
      model.summary();
      expect(write).not.toHaveBeenCalled();
      utils.enableInteractiveLogging();
      model.summary();
      expect(write).toHaveBeenCalled();
    } finally {
      write.mockRestore();
    }
  });

  it('shows whole stacks when traceback filtering is off', () => {
    const before = Error.stackTraceLimit;
    config.disableTracebackFiltering();
    expect([config.isTracebackFilteringEnabled(), Error.stackTraceLimit]).toEqual([false, Infinity]);
    config.enableTracebackFiltering();
    expect([config.isTracebackFilteringEnabled(), Error.stackTraceLimit]).toEqual([true, before]);
  });

  it('has the other settings', () => {
    expect(config.isFlashAttentionEnabled()).toBeNull();
    config.enableFlashAttention();
    expect(config.isFlashAttentionEnabled()).toBe(true);
    config.disableFlashAttention();
    expect(config.isFlashAttentionEnabled()).toBe(false);
    expect([config.isNnxEnabled(), config.backend()]).toEqual([false, 'keratin']);
    expect(() => config.setBackend('jax')).toThrow(/keratin/);
  });
});

describe('backend', () => {
  it('tells dtypes, symbols and uids', () => {
    expect([
      backend.isFloatDtype('bfloat16'),
      backend.isFloatDtype('int8'),
      backend.isIntDtype('uint8'),
      backend.isIntDtype('bool'),
    ]).toEqual([true, false, true, false]);
    expect([backend.resultType('int32', 'float16'), backend.standardizeDtype('float')]).toEqual(['float16', 'float32']);
    expect([backend.isKerasTensor(new KerasTensor([1])), backend.isKerasTensor(ops.ones([1]))]).toEqual([true, false]);
    expect([backend.getUid('thing'), backend.getUid('thing')]).toEqual([1, 2]);
  });
});

describe('scopes', () => {
  it('names variables', () => {
    const owner = {};
    const make = () => new Variable(0, { name: 'v' }).path;
    expect(nameScope('a').run(() => nameScope('b').run(make))).toBe('a/b/v');
    expect(nameScope('a', { caller: owner }).run(() => nameScope('a', { caller: owner }).run(make))).toBe('a/v');
    expect(nameScope('a').run(() => nameScope('b', { overrideParent: 'x/y' }).run(make))).toBe('x/y/b/v');
    expect(make()).toBe('v');
    expect(() => nameScope('a/b')).toThrow(/'\/'/);
  });

  it('keeps variables as they are in a StatelessScope', () => {
    const [v, w] = [new Variable([1, 2]), new Variable([3, 4])];
    const scope = new StatelessScope({ stateMapping: [[v, [10, 20]]] });
    const inside = scope.run(() => {
      w.assign(ops.add(v, 1));
      return w.value.tolist();
    });
    expect([inside, v.value.tolist(), w.value.tolist()]).toEqual([[11, 21], [1, 2], [3, 4]]);
    expect(scope.getCurrentValue(w)!.tolist()).toEqual([11, 21]);
    expect(new StatelessScope().getCurrentValue(v)).toBeNull();
    expect(() => new StatelessScope({ stateMapping: [[v, [1]]] })).toThrow(/shape/);
  });

  it('collects losses in a StatelessScope', () => {
    const layer = new layers.ActivityRegularization({ l2: 0.5 });
    const scope = new StatelessScope({ collectLosses: true });
    scope.run(() => layer(ops.ones([1, 2])));
    expect(scope.losses.map((loss) => loss.item())).toEqual([1]);
  });

  it('knows one device, and its own version', () => {
    expect(device('cpu:0').run(() => ops.ones([1]).shape)).toEqual([1]);
    expect(() => device('gpu:0')).toThrow(/cpu/);
    expect(new SymbolicScope().run(() => 3)).toBe(3);
    const { version: own } = JSON.parse(readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8')) as { version: string };
    expect(version()).toBe(own);
  });
});

describe('RematScope', () => {
  const gradients = (layer: layers.Layer) => {
    const x = ops.reshape(ops.arange(6, { dtype: 'float32' }), [2, 3]);
    const tape = new GradientTape();
    const loss = tape.record(() =>
      ops.add(
        ops.sum(ops.square(layer(x, { training: true }))),
        layer.losses.reduce<Tensor | number>((a, b) => ops.add(a, b), 0),
      ),
    );
    return (tape.gradient(loss, layer.trainableWeights) as Tensor[]).map((g) => g.tolist());
  };
  const modes = [
    { mode: 'full' },
    { mode: 'activations' },
    { mode: 'larger_than', outputSizeThreshold: 3 },
    { mode: 'larger_than', outputSizeThreshold: 4 },
    { mode: 'list_of_layers', layerNames: ['mine'] },
    { mode: null },
  ] as const;

  it.each(modes)('gives the same gradients with %o', (options) => {
    const make = () => new layers.Dense(2, { name: 'mine', activation: 'tanh', kernelInitializer: 'ones', activityRegularizer: 'l2' });
    expect(gradients(new RematScope(options).run(make))).toEqual(gradients(make()));
  });

  it('updates state and keeps losses', async () => {
    const make = () => new layers.BatchNormalization({ name: 'mine' });
    const [plain, again] = [make(), new RematScope().run(make)];
    expect(gradients(again)).toEqual(gradients(plain));
    expect(again.getWeights().map((w) => w.tolist())).toEqual(plain.getWeights().map((w) => w.tolist()));
    const model = new RematScope().run(
      () =>
        new Sequential([
          Input([2]),
          new layers.Dense(3, { activation: 'relu' }),
          new layers.ActivityRegularization({ l1: 0.1 }),
          new layers.Dense(1),
        ]),
    );
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    const { history } = await model.fit(ops.ones([8, 2]), ops.ones([8, 1]), { epochs: 2, verbose: 0 });
    expect(history.loss.every(Number.isFinite)).toBe(true);
    expect(() => new RematScope({ mode: 'fuller' as never })).toThrow(/'full'/);
  });
});
