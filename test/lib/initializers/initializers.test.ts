// Initializers: values and distributions against recordings of Keras, seeds, lookups, bad input.
import { describe, expect, it } from '@jest/globals';
import { jit, ops, random, Variable } from 'keratin';
import * as initializers from '#lib/initializers/index.js';
import { computeFans } from '#lib/initializers/fans.js';
import { initializer as initializerField } from '#lib/initializers/field.js';
import type { DType } from '#lib/base/dtype.js';
import { withContext } from '#lib/core/context.js';
import type { Tensor } from '#lib/core/tensor.js';
import { testFamily } from '../../helpers/families.js';
import { readFixture, type RecordedArray, type Spec } from '../../helpers/fixtures.js';
import { expectClose, expectNumbersClose, make } from '../../helpers/recorded.js';
import { setGlobalSeed } from '#lib/random/seed-generator.js';

testFamily('keras.initializers', initializers, initializers.Initializer);

interface Deterministic {
  name: string;
  spec: Spec;
  shape: number[];
  dtype: DType;
  value: RecordedArray;
}
interface Random {
  name: string;
  spec: Spec;
  shape: number[];
  fans: [number, number] | null;
  distribution: 'uniform' | 'normal' | 'truncated_normal';
  mean: number;
  stddev: number;
  bound: number | null;
}
interface Orthogonal {
  name: string;
  spec: Spec;
  shape: number[];
  distribution: 'orthogonal';
  gain: number;
}
const cases = readFixture<Deterministic | Random | Orthogonal>('initializers');
const numbers = (x: Tensor) => Array.from(x.data as Float32Array);

describe.each(cases.filter((c): c is Deterministic => 'value' in c))('$name', ({ spec, shape, dtype, value }) => {
  it('has the values of Keras', () =>
    expectClose(make<initializers.Initializer>(initializers, spec)(shape, { dtype }), value, { relative: 0, absolute: 0 }));
});

describe.each(cases.filter((c): c is Random => 'mean' in c))('$name', ({ spec, shape, fans, mean, stddev, bound, distribution }) => {
  const values = numbers(make<initializers.Initializer>(initializers, spec)(shape));
  const n = values.length;
  const average = values.reduce((a, b) => a + b, 0) / n;
  const deviation = Math.sqrt(values.reduce((a, b) => a + (b - average) ** 2, 0) / n);

  it('has the distribution of Keras', () => {
    // Five standard errors: of the mean, and of the standard deviation (at most that of a normal distribution).
    expect(Math.abs(average - mean)).toBeLessThan((5 * stddev) / Math.sqrt(n));
    expect(Math.abs(deviation - stddev)).toBeLessThan((5 * stddev) / Math.sqrt(2 * n));
    if (bound !== null) expect(Math.max(...values.map((v) => Math.abs(v - mean)))).toBeLessThanOrEqual(bound * (1 + 1e-6));
    else expect(distribution).toBe('normal');
  });
  if (fans !== null) it('has the fans of Keras', () => expect(Object.values(computeFans(shape))).toEqual(fans));
});

describe.each(cases.filter((c): c is Orthogonal => 'gain' in c))('$name', ({ spec, shape, gain }) => {
  it('has orthonormal rows or columns, times the gain', () => {
    const m = ops.reshape(make<initializers.Initializer>(initializers, spec)(shape), [-1, shape.at(-1)!]);
    const rows = m.shape[0] < m.shape[1];
    const product = rows ? ops.matmul(m, ops.transpose(m)) : ops.matmul(ops.transpose(m), m);
    const size = product.shape[0];
    expectNumbersClose(
      numbers(product),
      Array.from({ length: size * size }, (_, i) => (i % (size + 1) === 0 ? gain * gain : 0)),
      { relative: 1e-5, absolute: 1e-5 },
    );
  });
});

describe('initializers', () => {
  it('draws the same values at each call with an integer seed, or with none', () => {
    for (const seed of [7, null]) {
      const draw = new initializers.GlorotUniform({ seed });
      expect(numbers(draw([3, 4]))).toEqual(numbers(draw([3, 4])));
    }
    expect(numbers(initializers.heNormal()([3, 4]))).not.toEqual(numbers(initializers.heNormal()([3, 4])));
  });
  it('draws new values at each call with a generator', () => {
    const draw = new initializers.RandomNormal({ seed: new random.SeedGenerator(3) });
    expect(numbers(draw([3]))).not.toEqual(numbers(draw([3])));
    const config = initializers.serialize(draw);
    expect(config.config).toMatchObject({ seed: { module: 'keras.random', class_name: 'SeedGenerator', config: { seed: 3 } } });
    expect(numbers((initializers.deserialize(config) as initializers.Initializer)([3]))).toEqual(
      numbers(new initializers.RandomNormal({ seed: new random.SeedGenerator(3) })([3])),
    );
  });
  it('repeats itself after setGlobalSeed', () => {
    const draw = () => {
      setGlobalSeed(12);
      return numbers(initializers.lecunUniform()([5]));
    };
    expect(draw()).toEqual(draw());
  });
  it('clones', () => {
    const draw = new initializers.Orthogonal({ gain: 2, seed: 5 });
    expect(draw.clone().getConfig()).toEqual({ seed: 5, gain: 2 });
  });
  it.each(['float16', 'bfloat16', 'float64'] as const)('makes %s', (dtype) => {
    for (const draw of [
      initializers.orthogonal({ seed: 1 }),
      initializers.truncatedNormal({ seed: 1 }),
      initializers.identity(),
      initializers.constant(0.5),
    ]) {
      expect(draw([3, 2], { dtype })).toMatchObject({ dtype, shape: [3, 2] });
    }
  });
  it('takes axes for the fans', () => {
    expect(computeFans([2, 3, 4], [0, 1], [2])).toEqual({ fanIn: 6, fanOut: 4 });
    expect(computeFans([2, 3, 4])).toEqual({ fanIn: 6, fanOut: 8 });
    expect(computeFans([])).toEqual({ fanIn: 1, fanOut: 1 });
  });
  it('broadcasts and keeps arrays of constants', () => {
    const rows = new initializers.Constant([1.5, 2]);
    expect(rows([2, 2]).tolist()).toEqual([[1.5, 2], [1.5, 2]]);
    expect(rows.getConfig()).toEqual({ value: { class_name: '__tensor__', config: { value: [1.5, 2], dtype: 'float32' } } });
    expect(rows.clone()([2]).tolist()).toEqual([1.5, 2]);
  });
  it('rejects shapes that do not fit', () => {
    expect(() => initializers.identity()([2])).toThrow('Identity: expected a shape of rank 2, received (2,)');
    expect(() => initializers.orthogonal()([2])).toThrow('Orthogonal: expected a shape of rank 2 or more, received (2,)');
    expect(() => initializers.zeros()([2, -1])).toThrow('Zeros: a shape has whole sizes');
    expect(() => initializers.ones()([2], { dytpe: 'int32' } as object)).toThrow("Ones: unknown option 'dytpe'; did you mean 'dtype'?");
  });
  it.each([
    [{ scale: 0 }, 'VarianceScaling: scale must be a number > 0'],
    [{ mode: 'fan' }, "VarianceScaling: mode must be one of 'fan_in', 'fan_out', 'fan_avg', received 'fan'"],
    [{ distribution: 'cauchy' }, 'VarianceScaling: distribution must be one of'],
    [{ seed: 1.5 }, 'VarianceScaling: seed must be an integer, a SeedGenerator or null, received 1.5'],
  ])('rejects %j', (options, message) => {
    expect(() => new initializers.VarianceScaling(options as object)).toThrow(message);
  });
});

describe('initializers.get', () => {
  it('takes names, tensors, functions and null', () => {
    expect(initializers.get('normal')).toBeInstanceOf(initializers.RandomNormal);
    expect(initializers.get('OrthogonalInitializer')).toBeInstanceOf(initializers.Orthogonal);
    expect(initializers.get(null)).toBeNull();
    const values = initializers.get(ops.convertToTensor([1, 2]));
    expect(new Variable(values, { shape: [2], dtype: 'float32' }).tolist()).toEqual([1, 2]);
    expect(() => new Variable(values, { shape: [3] })).toThrow('a tensor of shape (2,) cannot initialize a weight of shape (3,)');
    const ramp = (shape: readonly number[]) => Array.from({ length: shape[0] }, (_, i) => i / 2);
    expect(new Variable(initializers.get(ramp), { shape: [3] }).tolist()).toEqual([0, 0.5, 1]);
  });
  it('accepts classes of the user', () => {
    class Ramp extends initializers.Initializer {
      override call(shape: readonly number[]): number[] {
        return Array.from({ length: shape[0] }, (_, i) => i);
      }
    }
    expect(new Ramp()([3], { dtype: 'float16' })).toMatchObject({ dtype: 'float16', shape: [3] });
    expect(() => new initializers.Initializer()([1])).toThrow('Initializer: an initializer must have a method call(shape, { dtype })');
  });
  it('names the nearest initializer', () => {
    expect(() => initializers.get('glorot_unifrom')).toThrow(
      new TypeError("unknown initializer 'glorot_unifrom'; did you mean 'glorot_uniform'?"),
    );
    expect(() => initializerField('zeros').parse(null, 'Dense: kernelInitializer')).toThrow(
      'Dense: kernelInitializer must be an initializer, received null',
    );
  });
});

describe('initial values that are computed when somebody asks', () => {
  const made = (initializer: initializers.Initializer, later: boolean) =>
    withContext({ deferInitial: later }, () => new Variable(initializer, { shape: [4, 5], dtype: 'float32' }));
  it('are those that are computed at once', () => {
    for (const Class of [initializers.GlorotUniform, initializers.RandomNormal, initializers.LecunNormal, initializers.Orthogonal]) {
      const variable = made(new Class({ seed: 3 }), true);
      const read = jit(() => ops.multiply(variable, 1)); // first asked for while a function is compiled
      expect([...read().data]).toEqual([...made(new Class({ seed: 3 }), false).value.data]);
    }
  });
  it('are not computed for variables that are assigned, and at once where a call changes something', () => {
    const variable = made(new initializers.HeUniform({ seed: 3 }), true);
    variable.assign(ops.ones([4, 5]));
    expect(variable.value.tolist()).toEqual(ops.ones([4, 5]).tolist());
    const seed = new random.SeedGenerator(5);
    const before = seed.state.value.tolist();
    made(new initializers.HeUniform({ seed }), true);
    expect(seed.state.value.tolist()).not.toEqual(before);
  });
});
