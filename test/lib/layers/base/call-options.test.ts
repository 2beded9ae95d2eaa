// Options of layers' calls: unknown ones are refused, whichever way a class names its own.
import { describe, expect, it, jest } from '@jest/globals';
import * as keras from '#lib/index.js';
import type { Tensor } from '#lib/core/tensor.js';

const { layers, ops } = keras;
const x = () => ops.ones([2, 3]);
/** A layer with this method `call`. */
function withCall(call: (...args: never[]) => unknown): keras.layers.Layer {
  class Own extends layers.Layer {
    override call(): unknown {
      return null;
    }
  }
  Object.defineProperty(Own.prototype, 'call', { value: call });
  return new Own();
}

describe('built-in layers', () => {
  it('refuse what they do not take, with the nearest name', () => {
    const dense = new layers.Dense(2, { name: 'd' });
    expect(() => dense(x(), { trainng: true })).toThrow("Dense \"d\": unknown option 'trainng'; did you mean 'training'?");
    expect(() => new layers.Dropout(0.5)(x(), { training: true, foo: 1 })).toThrow("unknown option 'foo'");
    expect(() => dense(keras.Input([3]), { msk: null })).toThrow("did you mean 'mask'?");
    expect(() => dense({ inputs: x(), units: 3 })).toThrow("unknown option 'units'");
    expect(() => dense.statelessCall(dense.trainableVariables, [], x(), { trainng: true })).toThrow("unknown option 'trainng'");
  });
  it('take training and mask, and their own', () => {
    const mask = ops.ones([2, 3], { dtype: 'bool' });
    for (const layer of [new layers.Dense(2), new layers.Dropout(0.5), new layers.Identity()])
      expect(() => layer(x(), { training: false, mask })).not.toThrow();
    const q = ops.ones([2, 3, 4]);
    expect(new layers.Attention()([q, q], { returnAttentionScores: true })).toHaveLength(2);
    expect(() => new layers.Attention()([q, q], { returnScores: true })).toThrow("unknown option 'returnScores'");
    expect(() => new layers.AdditiveAttention()([q, q], { useCausalMak: true })).toThrow("did you mean 'useCausalMask'?");
    const heads = new layers.MultiHeadAttention(2, 2);
    expect(() => heads(q, q, { key: q, useCausalMask: true, queryMask: null })).not.toThrow();
    expect(() => heads(q, q, { keys: q })).toThrow("did you mean 'key'?");
    expect(() => new layers.GroupQueryAttention(2, 2, 1)(q, q, { atentionMask: null })).toThrow("did you mean 'attentionMask'?");
  });
  it('are as strict in wrappers and models', () => {
    expect(() => new layers.TimeDistributed(new layers.Dense(2))(ops.ones([2, 3, 4]), { trainng: true })).toThrow('trainng');
    const input = keras.Input([3]);
    const models = [
      new keras.Model(input, new layers.Dense(1)(input)),
      new keras.Sequential([new layers.Dense(1)]),
      new keras.Sequential([keras.Input([3]), new layers.Dense(1)]),
    ];
    for (const model of models) {
      expect(() => model(x(), { trainng: true } as object)).toThrow("did you mean 'training'?");
      expect(() => model(x(), { training: true, mask: null })).not.toThrow();
    }
  });
});

describe('layers of one\'s own', () => {
  it.each<[string, (...args: never[]) => unknown]>([
    [
      'an object taken apart',
      (inputs: Tensor, { training, reverse = false }: { training?: boolean; reverse?: boolean } = {}) =>
        training === true || reverse ? inputs : inputs,
    ],
    [
      'other names for them',
      function call(
        inputs: Tensor,
        { reverse: r = 'a, {b} (', scale: s = [1, { a: 2 }] }: { reverse?: unknown; scale?: unknown } /* not, these: {one, two} */,
      ) {
        return r === s ? null : inputs;
      },
    ],
    [
      'a method',
      {
        call(inputs: Tensor, { reverse }: { reverse?: boolean }) {
          return reverse === null ? null : inputs;
        },
      }.call,
    ],
    [
      'a method of a computed name',
      {
        ['ca' + 'll'](inputs: Tensor, { reverse }: { reverse?: boolean }) {
          return reverse === null ? null : inputs;
        },
      }.call,
    ],
  ])('name them by %s', (_, call) => {
    const layer = withCall(call);
    expect(() => layer(x(), { reverse: true, training: true })).not.toThrow();
    expect(() => layer(x(), { revers: true })).toThrow("did you mean 'reverse'?");
  });

  it.each<[string, (...args: never[]) => unknown]>([
    ['options as a whole', (inputs: Tensor, options: object) => (options === null ? null : inputs)],
    [
      'the rest of them',
      (inputs: Tensor, { training, ...rest }: { training?: boolean }) => (training === true && rest === null ? null : inputs),
    ],
    ['all arguments', (...args: Tensor[]) => args[0]],
    ['names that are computed', (inputs: Tensor, { ['foo' as string]: foo }: Record<string, unknown>) => (foo === null ? null : inputs)],

    [
      'arguments',
      function call() {
        return arguments[0] as unknown;
      },
    ],
    ['a mock', jest.fn((inputs: Tensor) => inputs)],
    ['source that is not followed', (inputs: Tensor, { foo = /[,}]/ }: { foo?: unknown }) => (foo === null ? null : inputs)],
  ])('take any with %s', (_, call) => expect(() => withCall(call)(x(), { anything: 1 })).not.toThrow());

  it('take none when their call has no options', () => {
    const layer = withCall((inputs: Tensor) => inputs);
    expect(() => layer(x(), { training: true })).not.toThrow();
    expect(() => layer(x(), { foo: 1 })).toThrow("unknown option 'foo'");
    expect(() => withCall(eval('inputs => inputs') as () => unknown)(x(), { foo: 1 })).toThrow("unknown option 'foo'");
  });

  it('have several inputs before the options', () => {
    const layer = withCall((a: Tensor, b: Tensor, { swap = false }: { swap?: boolean }) => (swap ? b : a));
    expect(() => layer(x(), x(), { swap: true })).not.toThrow();
    expect(() => layer(x(), x(), { swop: true })).toThrow("did you mean 'swap'?");
    const structured = withCall(({ a, b }: { a: Tensor; b: Tensor }) => ops.add(a, b));
    expect(() => structured({ a: x(), b: x() }, { c: 1 })).toThrow("unknown option 'c'");
  });

  it('declare them, and inherit the declaration with the method', () => {
    class Declared extends layers.Layer {
      static override readonly callOptions: readonly string[] | null = ['depth'];
      override call(inputs: Tensor, ...rest: unknown[]): Tensor {
        return rest.length === 0 ? inputs : inputs;
      }
    }
    class Heir extends Declared {}
    class Other extends Declared {
      override call(inputs: Tensor, { width = 1 }: { width?: number } = {}): Tensor {
        return ops.multiply(inputs, width);
      }
    }
    expect(() => new Heir()(x(), { depth: 1 })).not.toThrow();
    expect(() => new Heir()(x(), { deph: 1 })).toThrow("did you mean 'depth'?");
    expect(() => new Other()(x(), { width: 1 })).not.toThrow();
    expect(() => new Other()(x(), { depth: 1 })).toThrow("unknown option 'depth'");
  });

  it('are models too', () => {
    class Net extends keras.Model {
      dense = new layers.Dense(1);
      override call(inputs: Tensor, { temperature = 1 }: { temperature?: number } = {}): Tensor {
        return ops.multiply(this.dense(inputs), temperature);
      }
    }
    expect(() => new Net()(x(), { temperature: 2 })).not.toThrow();
    expect(() => new Net()(x(), { temprature: 2 })).toThrow("did you mean 'temperature'?");
  });
});

describe('inputs and options by position', () => {
  it('are refused where the call has no place for them', () => {
    expect(() => new layers.Dropout(0.5, { name: 'd' })(x(), true)).toThrow(
      'Dropout "d": expected an object of options, such as { training: true }, received true',
    );
    expect(() => new layers.Dense(2, { name: 'd' })(x(), x())).toThrow(
      /^Dense "d": takes 1 input and an object of options, received 2 inputs; several tensors/,
    );
    expect(() => new layers.GlobalAveragePooling1D({ name: 'g' })(ops.ones([2, 3, 4]), ops.ones([2, 3], { dtype: 'bool' }))).toThrow(
      'expected an object of options',
    );
  });
  it('are refused in methods of one\'s own that would be given an object for training', () => {
    const layer = withCall((inputs: Tensor, training = false) => (training ? inputs : ops.negative(inputs)));
    expect(() => layer(x())).toThrow(
      /call gets its options in one object; write call\(inputs, \{ training \}\) in place of call\(inputs, training = false\)/,
    );
  });
  it('are taken where a method declares them', () => {
    const layer = withCall((inputs: Tensor, mask: Tensor) => ops.multiply(inputs, mask));
    expect(layer(x(), x())).toBeDefined();
    expect(withCall((...inputs: Tensor[]) => inputs[1])(x(), x())).toBeDefined();
    expect(
      withCall((a: Tensor, b: Tensor, { training }: { training?: boolean }) => (training === true ? a : b))(x(), x(), { training: true }),
    ).toBeDefined();
  });
});
