// Activations against recordings of Keras, their lookups, and the logits that they leave for crossentropies.
import { camelCase } from '#lib/base/names.js';
import { describe, expect, it } from '@jest/globals';
import { jit, ops, vjp } from 'keratin';
import * as activations from '#lib/activations/index.js';
import { activation as activationField } from '#lib/activations/field.js';
import { registerKerasSerializable } from '#lib/config/registration.js';
import type { Tensor } from '#lib/core/tensor.js';
import { readFixture, type RecordedArray } from '../../helpers/fixtures.js';
import { camelKeys, expectClose, FLOAT32, tensorOf } from '../../helpers/recorded.js';

interface Case {
  name: string;
  symbol: string;
  options: Record<string, number | boolean>;
  x: RecordedArray;
  y: RecordedArray;
  cotangent?: RecordedArray;
  gradient?: RecordedArray;
}
const functions = activations as unknown as Record<string, (x: Tensor, ...rest: unknown[]) => Tensor>;
const cases = readFixture<Case>('activations');
const exported = cases.filter(({ symbol }) => camelCase(symbol) in functions);
const FLOAT64 = { relative: 1e-12, absolute: 1e-13 };
/** Functions that in the recordings have constants or slopes rounded to float32 also where they compute in float64. */
const ROUNDED = ['gelu', 'leaky_relu', 'relu'];
const FLOAT64_ROUNDED = { relative: 1e-6, absolute: 1e-8 };

/** The activation of a case as a function of x; `threshold` has parameters without a default. */
function callOf({ symbol, options }: Case): (x: Tensor) => Tensor {
  const fn = functions[camelCase(symbol)];
  if (symbol === 'threshold') return (x) => fn(x, options.threshold, options.default_value);
  return (x) => (Object.keys(options).length === 0 ? fn(x) : fn(x, camelKeys(options)));
}

describe.each(exported)('$name', (recorded) => {
  const call = callOf(recorded);
  const tolerance = recorded.x.dtype !== 'float64' ? FLOAT32 : ROUNDED.includes(recorded.symbol) ? FLOAT64_ROUNDED : FLOAT64;

  it('has the values of Keras', () => expectClose(call(tensorOf(recorded.x)), recorded.y, tolerance));

  if (recorded.gradient !== undefined) {
    it('has the gradient of Keras', () => {
      const [, pullback] = vjp(call, tensorOf(recorded.x));
      expectClose(pullback(tensorOf(recorded.cotangent!))[0], recorded.gradient!, tolerance);
    });
  }
});

describe('activations', () => {
  it('computes the same when compiled', () => {
    const x = ops.convertToTensor([[-1.5, 0.25, 3]]);
    for (const name of ['relu', 'softmax', 'gelu', 'mish']) expect(jit(functions[name])(x).tolist()).toEqual(functions[name](x).tolist());
  });

  it('leaves the logits of softmax and sigmoid', () => {
    const x = ops.convertToTensor([[1, 2.5]]);
    expect(activations.softmax(x).kerasLogits).toBe(x);
    expect(activations.sigmoid(x).kerasLogits).toBe(x);
    expect(activations.relu(x).kerasLogits).toBeUndefined();
  });

  it('is approximate only on demand, unlike ops.gelu', () => {
    const x = ops.convertToTensor([1.5]);
    expect(activations.gelu(x).item()).toBeCloseTo(1.3997892, 6);
    expect(activations.gelu(x, { approximate: true }).item()).toBe(ops.gelu(x).item());
  });

  it('names the nearest option', () => {
    expect(() => activations.relu([1], { maxvalue: 2 } as object)).toThrow("relu: unknown option 'maxvalue'; did you mean 'maxValue'?");
  });
});

describe('activations.get', () => {
  it('finds functions by Keras\'s names', () => {
    expect(activations.get('relu')).toBe(activations.relu);
    expect(activations.get('log_softmax')).toBe(activations.logSoftmax);
    expect(activations.get('swish')).toBe(activations.silu);
    expect(activations.get('hard_swish')).toBe(activations.hardSilu);
    expect(activations.get(null)).toBe(activations.linear);
  });

  it('passes functions', () => {
    const mine = (x: Tensor) => ops.multiply(x, 2);
    expect(activations.get(mine)).toBe(mine);
  });

  it.each([
    ['reluu', "unknown activation 'reluu'; did you mean 'relu'?"],
    ['toString', "unknown activation 'toString'"],
  ])('rejects %s', (name, message) => {
    expect(() => activations.get(name)).toThrow(new TypeError(message));
  });
  it('rejects what is no activation', () => {
    expect(() => activations.get(3 as never)).toThrow(
      'keras.activations: expected an activation (a name, a config, an instance or a function), received 3',
    );
    expect(() => activationField(null).parse('sofmax', 'Dense: activation')).toThrow(
      "Dense: activation: unknown activation 'sofmax'; did you mean 'softmax'?",
    );
  });
});

describe('activations.serialize', () => {
  it.each(Object.keys(functions).filter((name) => !['get', 'serialize', 'deserialize'].includes(name)))('gives the name of %s', (name) => {
    const key = activations.serialize(functions[name]);
    expect(activations.deserialize(key)).toBe(functions[name]);
  });
  it('gives the registered name of a function of the user', () => {
    const twice = registerKerasSerializable({ package: 'Test', name: 'twice' })((x: Tensor) => ops.multiply(x, 2));
    const config = activations.serialize(twice);
    expect(config).toEqual({ module: 'builtins', class_name: 'function', config: 'Test>twice', registered_name: 'function' });
    expect(activations.deserialize(config)).toBe(twice);
  });
  it('takes custom objects, and rejects nameless functions', () => {
    const mine = (x: Tensor) => x;
    expect(
      activations.deserialize(
        { module: 'builtins', class_name: 'function', config: 'mine', registered_name: 'function' },
        { customObjects: { mine } },
      ),
    ).toBe(mine);
    expect(() => activations.serialize((() => (x: Tensor) => x)())).toThrow('an anonymous function has no name');
  });
});
