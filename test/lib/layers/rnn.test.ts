// Recurrent layers: cells of one's own, states within and between calls, masks, dropout, unknown times, errors.
import { describe, expect, it } from '@jest/globals';
import { getMask } from '#lib/symbolic/mask.js';
import { GradientTape, Input, type KerasTensor, layers, Model, ops, random, saving, Sequential, type Tensor } from 'keratin';

const values = (x: unknown) => (x as Tensor).tolist();
const shapeOf = (x: unknown) => (x as Tensor).shape;
const close = (actual: unknown, expected: unknown, within = 1e-6) =>
  expect(ops.max(ops.abs(ops.subtract(actual as Tensor, expected as Tensor))).item()).toBeLessThanOrEqual(within);
const x = random.normal([3, 5, 4], { seed: 1 });
const mask = ops.convertToTensor([[true, true, false, true, false], [false, true, true, true, true], [true, true, true, false, false]]);

/** The cell of Keras's guide. */
class MinimalCell extends layers.Layer {
  readonly stateSize: number;
  kernel!: layers.Layer['weights'][number];
  recurrentKernel!: layers.Layer['weights'][number];
  constructor(readonly units: number, options: object = {}) {
    super(options);
    this.stateSize = units;
  }
  override build([, features]: number[]) {
    this.kernel = this.addWeight({ shape: [features, this.units], name: 'kernel' });
    this.recurrentKernel = this.addWeight({ shape: [this.units, this.units], name: 'recurrent_kernel' });
  }
  override call(inputs: Tensor, [previous]: Tensor[]): [Tensor, Tensor[]] {
    const output = ops.add(ops.matmul(inputs, this.kernel), ops.matmul(previous, this.recurrentKernel));
    return [output, [output]];
  }
  override getConfig() {
    return { ...super.getConfig(), units: this.units };
  }
  static override fromConfig({ units, ...options }: { units: number }) {
    return new MinimalCell(units, options);
  }
}

describe('cells of one\'s own', () => {
  it('run step by step', () => {
    const cell = new MinimalCell(3);
    const layer = new layers.RNN(cell, { returnSequences: true, returnState: true });
    const [outputs, last] = layer(x) as unknown as [Tensor, Tensor];
    let state = ops.zeros([3, 3]);
    const expected = ops.unstack(x, { axis: 1 }).map((step) => (state = cell.call(step, [state])[0]));
    close(outputs, ops.stack(expected, { axis: 1 }));
    close(last, state);
    expect(layer.weights.map(({ path }) => path)).toEqual(['rnn/minimal_cell/kernel', 'rnn/minimal_cell/recurrent_kernel']);
  });

  it('have states of any structure and size', () => {
    /** Sums up the inputs in one state, and counts steps in another. */
    class Sums extends layers.Layer {
      readonly stateSize = [[2, 4], 1];
      readonly outputSize = 4;
      override call(inputs: Tensor, [[outer, sum], count]: [[Tensor, Tensor], Tensor]) {
        const next = ops.add(sum, inputs);
        const product = ops.add(outer, ops.matmul(ops.expandDims(inputs, 2), ops.expandDims(inputs, 1)));
        return [ops.divide(next, ops.add(count, 1)), [[product, next], ops.add(count, 1)]];
      }
      getInitialState({ batchSize }: { batchSize: number }) {
        return [[ops.zeros([batchSize, 4, 4]), ops.zeros([batchSize, 4])], ops.zeros([batchSize, 1])];
      }
    }
    const layer = new layers.RNN(new Sums(), { returnState: true });
    const [output, [outer, sum], count] = layer(x) as unknown as [Tensor, [Tensor, Tensor], Tensor];
    close(output, ops.mean(x, { axis: 1 }));
    close(sum, ops.sum(x, { axis: 1 }), 1e-5);
    close(outer, ops.matmul(ops.transpose(x, [0, 2, 1]), x), 1e-5);
    expect(values(count)).toEqual([[5], [5], [5]]);
  });

  it('may be plain objects, whose states begin at zero', () => {
    const cell = { stateSize: 4, call: (inputs: Tensor, [sum]: [Tensor]) => [ops.add(sum, inputs), [ops.add(sum, inputs)]] as const };
    close(new layers.RNN(cell)(x), ops.sum(x, { axis: 1 }), 1e-5);
    close(new layers.RNN([cell, cell])(x), ops.sum(ops.cumsum(x, { axis: 1 }), { axis: 1 }), 1e-5);
  });

  it('get constants', () => {
    const cell = {
      stateSize: 4,
      call: (inputs: Tensor, [sum]: [Tensor], { constants: [factor] }: { constants: Tensor[] }) => {
        const next = ops.add(sum, ops.multiply(inputs, factor));
        return [next, [next]] as const;
      },
    };
    close(new layers.RNN(cell)(x, { constants: [ops.multiply(ops.ones([3, 4]), 2)] }), ops.multiply(ops.sum(x, { axis: 1 }), 2), 1e-5);
  });

  it('are saved and copied, with the stack that they are in', () => {
    const model = new Sequential([
      Input({ shape: [5, 4] }),
      new layers.Bidirectional(new layers.RNN(new MinimalCell(3), { returnSequences: true })),
      new layers.RNN([new MinimalCell(2), new layers.GRUCell(3)]),
    ]);
    const config = model.getConfig();
    const again = saving.customObjectScope({ MinimalCell }).run(() => Sequential.fromConfig(config));
    again.setWeights(model.getWeights());
    close(again(x), model(x));
    expect(again.getConfig()).toEqual(config);
  });

  it('are refused when they are none', () => {
    const step = (inputs: Tensor) => [inputs, []] as const;
    expect(() => new layers.RNN({ call: step } as never)).toThrow(/must have the size of its states in stateSize/);
    expect(() => new layers.RNN([{ stateSize: 3 } as never])).toThrow(/must have a method call/);
    expect(() => new layers.RNN({ stateSize: 4, call: (inputs: Tensor) => inputs } as never)(x)).toThrow(/must return \[output, states\]/);
    expect(() => new layers.RNN({ stateSize: 4, call: step })(x)).toThrow(/as many states of the same shapes/);
    const widening = { stateSize: 4, call: (inputs: Tensor) => [inputs, [ops.ones([3, 5])]] as const };
    expect(() => new layers.RNN(widening)(x)).toThrow(/as many states of the same shapes/);
    expect(() => new layers.StackedRNNCells([])).toThrow(/an array of at least one cell/);
  });
});

describe('states', () => {
  it('of a stateful layer go from call to call', () => {
    const layer = new layers.LSTM(3, { stateful: true, returnSequences: true });
    const whole = new layers.LSTM(3, { returnSequences: true });
    const [first, second] = [ops.slice(x, [0, 0, 0], [3, 2, 4]), ops.slice(x, [0, 2, 0], [3, 3, 4])];
    whole(x);
    layer(first);
    whole.setWeights(layer.getWeights());
    layer.resetState();
    close(ops.concatenate([layer(first), layer(second)], { axis: 1 }), whole(x));
    expect(layer.states!.map((state) => [(state as { path: string }).path, shapeOf(state)])).toEqual(
      [['lstm/rnn_state', [3, 3]], ['lstm/rnn_state', [3, 3]]].map(([path, shape]) => [(path as string).replace('lstm', layer.name), shape]),
    );
    expect(layer.weights).toHaveLength(3);
    layer.resetStates();
    close(layer(first), whole(first));
  });

  it('of a stateful layer go from batch to batch', async () => {
    const build = (stateful: boolean) =>
      new Sequential([Input({ batchShape: [3, 5, 4] }), new layers.Bidirectional(new layers.GRU(2, { stateful })), new layers.Dense(1)]);
    const [model, plain] = [build(true), build(false)];
    plain.setWeights(model.getWeights());
    const both = model.layers[0] as layers.Bidirectional;
    const twice = ops.concatenate([x, x], { axis: 0 });
    const [first, second] = ops.split(await model.predict(twice, { batchSize: 3, verbose: 0 }), 2);
    const expected = (await plain.predict(x, { verbose: 0 }));
    close(first, expected);
    expect(ops.max(ops.abs(ops.subtract(second, expected))).item()).toBeGreaterThan(1e-3);
    both.resetState();
    close(await model.predict(x, { batchSize: 3, verbose: 0 }), expected);
    expect(both.states).toHaveLength(2);
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    both.resetState();
    const { history } = await model.fit(twice, ops.ones([6, 1]), { batchSize: 3, epochs: 2, shuffle: false, verbose: 0 });
    expect(history.loss[1]).toBeLessThan(history.loss[0]);
    await expect(model.predict(ops.ones([2, 5, 4]), { verbose: 0 })).rejects.toThrow(/expected 3 samples, received 2/);
    expect(() => new layers.GRU(2, { stateful: true })(Input({ shape: [5, 4] }))).toThrow(/needs a known number of samples/);
    expect(() => new layers.Bidirectional(new layers.GRU(2)).resetState()).toThrow(/stateful/);
  });

  it('are symbols in functional models', async () => {
    const [source, target] = [Input({ shape: [null, 4] }), Input({ shape: [null, 2] })];
    const encoder = new layers.LSTM(3, { returnState: true, name: 'encoder' });
    const [, ...states] = encoder(source) as unknown as KerasTensor[];
    const decoder = new layers.LSTM(3, { returnSequences: true, name: 'decoder' });
    const model = new Model([source, target], decoder(target, { initialState: states }));
    expect(model.outputShape).toEqual([null, null, 3]);
    const y = random.normal([3, 7, 2], { seed: 2 });
    const [, ...now] = encoder(x) as unknown as Tensor[];
    const expected = decoder(y, { initialState: now });
    close(await model.predict([x, y], { verbose: 0 }), expected);
    const again = Model.fromConfig(model.getConfig()) as Model;
    again.setWeights(model.getWeights());
    close(again([x, y]), expected);
    const { layers: saved } = model.getConfig() as { layers: { name: string; build_config: unknown }[] };
    expect(saved.find(({ name }) => name === 'decoder')!.build_config).toEqual({
      shapes_dict: { sequences_shape: [null, null, 2], initial_state_shape: [[null, 3], [null, 3]] },
    });
  });

  it('must fit', () => {
    const layer = new layers.LSTM(2);
    const state = (batch: number) => ops.ones([batch, 2]);
    expect(() => layer(x, { initialState: [state(3)] })).toThrow(/initialState must have 2 states, received 1/);
    expect(() => layer(x, { initialState: [state(1), state(1)] })).toThrow(/for the 3 samples of the sequences/);
    expect(() => layer(x, { intialState: [state(3), state(3)] })).toThrow(/did you mean 'initialState'/);
    const both = new layers.Bidirectional(new layers.GRU(2));
    expect(() => both(x, { initialState: [state(3)] })).toThrow(/states of the forward layer, then those of the backward layer/);
  });
});

describe('masks', () => {
  it.each(['LSTM', 'GRU', 'SimpleRNN'] as const)('leave steps out of %s', (name) => {
    const Layer = layers[name] as unknown as new (units: number, options: object) => layers.RNN;
    const layer = new Layer(3, { returnState: true });
    const [output, ...states] = layer(x, { mask }) as unknown as Tensor[];
    // Each sequence by itself, with the steps that count.
    (mask.tolist() as boolean[][]).forEach((counts, i) => {
      const kept = ops.stack(ops.unstack(x.at(i)).filter((_, t) => counts[t]));
      const [own, ...last] = layer(ops.expandDims(kept, 0)) as unknown as Tensor[];
      close(output.at(i), own.at(0));
      states.forEach((state, k) => close(state.at(i), last[k].at(0)));
    });
  });

  it('go through a model into losses and metrics', async () => {
    const tokens = Input({ shape: [null], dtype: 'int32' });
    const embedded = new layers.Embedding(10, 4, { maskZero: true })(tokens);
    const sequences = new layers.Bidirectional(new layers.GRU(3, { returnSequences: true }))(embedded);
    const steps = new layers.LSTM(2, { returnSequences: true })(sequences);
    const model = new Model(tokens, new layers.Dense(1)(steps));
    model.compile({ loss: 'mse', weightedMetrics: ['mae'] });
    const data = ops.convertToTensor([[3, 4, 0, 0], [5, 6, 7, 0]]);
    const y = ops.zeros([2, 4, 1]);
    const output = model(data);
    expect(values(getMask(output))).toEqual([[true, true, false, false], [true, true, true, false]]);
    const counted = (fn: (v: Tensor) => Tensor) =>
      ops.divide(ops.sum(ops.where(ops.notEqual(data, 0), fn(ops.squeeze(output, { axis: -1 })), 0)), 5);
    const [loss, error] = (await model.evaluate(data, y, { verbose: 0 })) as number[];
    expect(loss).toBeCloseTo(counted(ops.square).item(), 6);
    expect(error).toBeCloseTo(counted(ops.abs).item(), 6);
    // Padding changes nothing.
    const padded = await model.evaluate(ops.pad(data, [[0, 0], [0, 3]]), ops.zeros([2, 7, 1]), { verbose: 0 });
    expect((padded as number[])[0]).toBeCloseTo(loss, 6);
  });

  it('are not looked at, as in Keras, beside initial states', () => {
    const embedding = new layers.Embedding(10, 4, { maskZero: true });
    const layer = new layers.LSTM(2);
    const embedded = embedding(ops.convertToTensor([[1, 2, 0]]));
    const initialState = [ops.ones([1, 2]), ops.ones([1, 2])];
    const without = layer(embedded, { initialState, mask: ops.ones([1, 3], { dtype: 'bool' }) });
    close(layer(embedded, { initialState }), without);
    expect(() => layer(embedded, { mask: ops.ones([1, 4], { dtype: 'bool' }) })).toThrow(/mask must have the shape \(batch, time\)/);
  });

  it('end where only the last output is left', () => {
    expect(getMask(new layers.GRU(2)(new layers.Masking()(x)))).toBeNull();
    const outputs = new layers.Bidirectional(new layers.GRU(2, { returnSequences: true }), { mergeMode: null })(new layers.Masking()(x));
    expect((outputs as unknown as Tensor[]).map((output) => shapeOf(getMask(output)))).toEqual([[3, 5], [3, 5]]);
  });
});

describe('dropout', () => {
  const options = { dropout: 0.5, recurrentDropout: 0.5, seed: 3, returnSequences: true };
  const one = ops.ones([2, 6, 4]);
  it.each(['LSTM', 'GRU', 'SimpleRNN'] as const)('draws one mask for all steps of %s, and another for each call', (name) => {
    const Layer = layers[name] as unknown as new (units: number, options: object) => layers.RNN;
    const layer = new Layer(3, options);
    const plain = new Layer(3, { ...options, dropout: 0, recurrentDropout: 0 });
    plain(one);
    layer(one);
    plain.setWeights(layer.getWeights());
    close(layer(one, { training: false }), plain(one));
    const cell = layer.cell as layers.LSTMCell;
    const before = values(cell.seedGenerator.state) as number[];
    const first = layer(one, { training: true });
    const draws = (values(cell.seedGenerator.state) as number[])[1] - before[1];
    expect(draws).toBe(name === 'SimpleRNN' ? 2 : name === 'GRU' ? 6 : 8);
    expect(values(layer(one, { training: true }))).not.toEqual(values(first));
    // What the seed says again.
    const again = new Layer(3, options);
    again(one);
    again.setWeights(layer.getWeights());
    close(again(one, { training: true }), first);
    // By hand, with the masks that the cell draws.
    const hand = new Layer(3, options);
    hand(one);
    hand.setWeights(layer.getWeights());
    const own = hand.cell as layers.LSTMCell;
    let states = hand.getInitialState(2) as Tensor[];
    const outputs = ops.unstack(one, { axis: 1 }).map((step) => {
      const [output, next] = own(step, states, { training: true }) as unknown as [Tensor, Tensor[]];
      states = next;
      return output;
    });
    close(ops.stack(outputs, { axis: 1 }), first);
    own.resetDropoutMask();
    own.resetRecurrentDropoutMask();
    expect([own.getDropoutMask(one.at(0))].flat()).toHaveLength(name === 'SimpleRNN' ? 1 : name === 'GRU' ? 3 : 4);
  });

  it('reaches all cells of a stack, and trains', async () => {
    const second = new layers.GRUCell(2, { recurrentDropout: 0.5, seed: 2 });
    const stack = new layers.StackedRNNCells([new layers.LSTMCell(3, { dropout: 0.5, seed: 1 }), second]);
    const layer = new layers.RNN(stack);
    expect(values(layer(one, { training: true }))).not.toEqual(values(layer(one, { training: true })));
    const model = new Sequential([Input({ shape: [6, 4] }), layer, new layers.Dense(1)]);
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    const { history } = await model.fit(one, ops.ones([2, 1]), { epochs: 3, verbose: 0 });
    expect(history.loss.every(Number.isFinite)).toBe(true);
    expect(values((stack.cells[0] as layers.LSTMCell).seedGenerator.state)).toEqual([1, 5]);
  });

  it('counts shares as Keras does', () => {
    expect(new layers.LSTM(2, { dropout: 1.5, recurrentDropout: -1 }).getConfig()).toMatchObject({ dropout: 1, recurrent_dropout: 0 });
    const whole = new layers.LSTM(2, { dropout: 1 });
    close(whole(one, { training: true }), whole(one));
    expect(values(new layers.SimpleRNN(2, { dropout: 1 })(one, { training: true }))).toEqual(values(ops.zeros([2, 2])));
  });
});

describe('sequences', () => {
  it('may have any length', async () => {
    const model = new Sequential([Input({ shape: [null, 4] }), new layers.LSTM(2), new layers.Dense(1)]);
    expect(model.outputShape).toEqual([null, 1]);
    for (let time = 1; time <= 70; time++) {
      const sequence = random.normal([1, time, 4], { seed: time });
      close(await model.predict(sequence, { verbose: 0 }), model(sequence));
    }
    expect(() => new layers.LSTM(2)(ops.ones([2, 0, 4]))).toThrow(/at least one step/);
    expect(() => new layers.LSTM(2, { unroll: true })(Input({ shape: [null, 4] }))).toThrow(/cannot unroll sequences whose time is not known/);
    expect(() => new layers.RNN(new layers.GRUCell(2))(ops.ones([2, 3]))).toThrow(/at least 3 axes/);
    expect(() => new layers.LSTM(2, { useCudnn: true })(x)).toThrow(/no cuDNN/);
  });

  it.each([{}, { unroll: true }, { implementation: 1 }])('have gradients of second order, %j', (options) => {
    const layer = new layers.GRU(2, { activation: 'softsign', ...options });
    layer(x);
    const outer = new GradientTape();
    const squares = outer.record(() => {
      const inner = new GradientTape();
      const loss = inner.record(() => ops.sum(ops.square(layer(x))));
      const gradients = inner.gradient(loss, layer.trainableWeights) as Tensor[];
      return gradients.map((gradient) => ops.sum(ops.square(gradient))).reduce((a, b) => ops.add(a, b));
    });
    const second = outer.gradient(squares, layer.trainableWeights) as Tensor[];
    expect(second.map(shapeOf)).toEqual(layer.weights.map(shapeOf));
    expect(second.every((gradient) => Number.isFinite(ops.sum(gradient).item()) && ops.max(ops.abs(gradient)).item() > 0)).toBe(true);
  });

  it('compute in 16-bit floats', () => {
    for (const dtype of ['mixed_float16', 'mixed_bfloat16', 'float16'] as const) {
      const layer = new layers.LSTM(3, { dtype, returnState: true });
      const plain = new layers.LSTM(3);
      plain(x);
      const [output, h, c] = layer(x, { mask }) as unknown as Tensor[];
      plain.setWeights(layer.getWeights().map((weight) => ops.cast(weight, 'float32')));
      expect([output, h, c].map((tensor) => tensor.dtype)).toEqual(Array(3).fill(dtype.replace('mixed_', '')));
      close(ops.cast(output, 'float32'), plain(x, { mask }), 0.03);
    }
  });
});

describe('Bidirectional', () => {
  it('copies the layer, and begins with weights of its own', () => {
    const inner = new layers.LSTM(2, { name: 'inner' });
    const both = new layers.Bidirectional(inner);
    both(x);
    expect(both.weights.map(({ path }) => path.split('/').slice(1).join('/'))).toEqual(
      ['forward_inner', 'backward_inner'].flatMap((name) => ['kernel', 'recurrent_kernel', 'bias'].map((weight) => `${name}/lstm_cell/${weight}`)),
    );
    expect(both.backwardLayer.goBackwards).toBe(true);
    const given = both.getWeights();
    const again = new layers.Bidirectional(inner, { weights: given });
    close(again(x), both(x));
  });

  it('refuses layers that do not fit', () => {
    const lstm = (options: object = {}) => new layers.LSTM(2, options);
    expect(() => new layers.Bidirectional(new layers.Dense(2))).toThrow(/expected recurrent layers.*received Dense/);
    expect(() => new layers.Bidirectional(lstm(), { backwardLayer: lstm() })).toThrow(/different directions/);
    expect(() => new layers.Bidirectional(lstm({ returnState: true }), { backwardLayer: lstm({ goBackwards: true }) })).toThrow(/same returnState/);
    expect(() => new layers.Bidirectional(lstm(), { mergeMode: 'max' as never })).toThrow(/mergeMode must be one of/);
  });
});

describe('options', () => {
  it('are those of the cell', () => {
    const layer = new layers.LSTM(3, { dropout: 0.25 });
    layer.dropout = 0.5;
    expect(layer.cell.dropout).toBe(0.5);
    layer.cell.recurrentDropout = 0.125;
    expect(layer.recurrentDropout).toBe(0.125);
    expect(layer.getConfig()).toMatchObject({ dropout: 0.5, recurrent_dropout: 0.125 });
    layer(x);
    expect(() => { layer.cell.useBias = false; }).toThrow(/used when the layer is built/);
  });

  it('of older files are known', () => {
    expect(layers.LSTM.fromConfig({ units: 3, implementation: 1 }).cell.implementation).toBe(1);
    expect(layers.GRU.fromConfig({ units: 3, implementation: 2, reset_after: false }).resetAfter).toBe(false);
  });

  it('every recurrent layer is an RNN', () => {
    expect(new layers.GRU(2)).toBeInstanceOf(layers.RNN);
    expect(new layers.ConvLSTM1D(2, 2)).toBeInstanceOf(layers.RNN);
    expect(new layers.Dense(2)).not.toBeInstanceOf(layers.RNN);
    class Own extends layers.RNN {}
    expect(new layers.GRU(2)).not.toBeInstanceOf(Own);
  });
});
