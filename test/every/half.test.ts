// 16-bit floats: every recorded call of `keras.ops` and every primitive's samples once more, in float16 and bfloat16. Results and gradients
// have the dtype of the inputs and agree with float32's on the same values, immediate and compiled.
import { describe, expect, it } from '@jest/globals';
import * as keras from 'keratin';
import { jit, ops, vjp, type Tensor } from 'keratin';
import { isFloat, type DType } from '#lib/base/dtype.js';
import { Tensor as AnyTensor } from '#lib/core/tensor.js';
import { flatten, mapStructure } from '#lib/base/tree.js';
import { fixtureNames, readFixture } from '../helpers/fixtures.js';
import { allPrimitives, draw, drawAll, numbers, values } from '../helpers/ops.js';
import { callPrimitive } from '#lib/ops/primitives/primitive.js';
import { argumentOf, callRecorded, camelKeys } from '../helpers/recorded.js';

type Half = 'float16' | 'bfloat16';
/** Half the distance of two neighbouring numbers near 1. */
const UNIT: Record<Half, number> = { float16: 2 ** -11, bfloat16: 2 ** -8 };
/** Roundings of the largest element that a result may be away from float32's. */
const ROUNDINGS = 12;

interface FunctionCase {
  name: string;
  symbol: string;
  args: unknown[];
  options: Record<string, unknown>;
  differentiate?: number[];
}
/** Functions that compute in the dtype that they are told, by default float32, or in float32 always. */
const OWN_DTYPE = /^utils\.bounding_boxes\.(?!crop|pad|affine)|\.(saturate_)?cast$|\.ctc_decode$|\bctc(_loss)?$/;
/** Where rounding decides on another branch: which channel is the largest, what the rank of a matrix is. */
const STEEP = /^(to_hsv|to_rgb|pinv_singular)/;
/** Bits read as other numbers, which rounding changes. */
const BITS = /\.view$/;
/** What Keras on JAX refuses too. */
const REFUSES = /\.(stft|istft)$/;

const isFloatTensor = (value: unknown): value is Tensor => value instanceof AnyTensor && isFloat(value.dtype);
const tensorsOf = (result: unknown): Tensor[] => flatten(result).leaves.filter((leaf) => leaf instanceof AnyTensor);
/** Float tensors, nested or not, in another dtype. */
const floatsAs = <T,>(value: T, dtype: Half | 'float32'): T =>
  mapStructure((leaf: unknown) => (isFloatTensor(leaf) ? ops.cast(leaf, dtype) : leaf), value) as T;

/** Fails unless `actual` is `expected` of float32, rounded. Where that is beyond the dtype's range, nothing is asked. */
function expectRounded(actual: Tensor, expected: Tensor, half: Half, dtype: DType, where: string): void {
  expect(`${where}: ${actual.dtype} ${actual.shape}`).toBe(
    `${where}: ${expected.dtype === 'float32' ? dtype : expected.dtype} ${expected.shape}`,
  );
  const [given, wanted] = [values(actual), values(expected)];
  const largest = Math.max(0, ...wanted.filter(Number.isFinite).map(Math.abs));
  if (half === 'float16' && largest > 30000) return;
  const bound = isFloat(actual.dtype) ? ROUNDINGS * UNIT[half] * Math.max(largest, 2 ** -10) : 0;
  const apart = wanted.flatMap((value, i) =>
    Object.is(value, given[i]) || value === given[i] || Math.abs(value - given[i]) <= bound
      ? []
      : [`number ${i}: ${given[i]}, expected ${value}`],
  );
  if (apart.length > 0)
    throw new Error(`${where}: ${apart.length} of ${wanted.length} differ by more than ${bound}; ${apart.slice(0, 4).join('; ')}`);
}

/** Runs a function compiled, unless the shape of its result depends on data. */
function compiled(fn: (...xs: Tensor[]) => Tensor[], xs: readonly Tensor[]): Tensor[] {
  try {
    return jit(fn)(...xs);
  } catch (error) {
    if (error instanceof Error && error.message.includes('not known in a compiled function')) return [];
    throw error;
  }
}

/**
 * Compares results and gradients of a function of float tensors in a 16-bit float and in float32. `dtype` is that of the results, where
 * float32's are float32.
 */
function compare(fn: (...floats: Tensor[]) => unknown, floats: readonly Tensor[], half: Half, dtype: DType): void {
  const given = floats.map((x) => ops.cast(x, half));
  const wide = given.map((x) => ops.cast(x, 'float32'));
  const results = (...xs: Tensor[]) => tensorsOf(fn(...xs));
  const check = (kind: string, as: DType, actual: readonly Tensor[], expected: readonly Tensor[]) =>
    actual.forEach((y, i) => expectRounded(y, expected[i], half, as, `${kind} ${i}`));
  const expected = results(...wide);
  check('result', dtype, results(...given), expected);
  check('compiled result', dtype, compiled(results, given), expected);

  const next = numbers(99);
  const seeds = expected.filter(isFloatTensor).map(({ shape }) => ops.cast(draw({ shape, low: -1, high: 1 }, 'float32', next), half));
  if (seeds.length === 0) return;
  const gradients = (...xs: Tensor[]) => {
    const outputs: Tensor[] = [];
    const [, pullback] = vjp((...ys: Tensor[]) => {
      outputs.push(...results(...ys).filter(isFloatTensor));
      return outputs;
    }, ...xs);
    return pullback(seeds.map((seed, i) => ops.cast(seed, outputs[i].dtype)));
  };
  const slopes = gradients(...wide);
  check('gradient', half, gradients(...given), slopes);
  check('compiled gradient', half, compiled(gradients, given), slopes);
}

describe.each(fixtureNames('ops_'))('%s', (fixture) => {
  const cases = readFixture<FunctionCase>(fixture)
    .filter(({ symbol }) => !BITS.test(symbol))
    .map((recorded) => [recorded.name, recorded] as const);
  describe.each(cases)('%s', (name, { symbol, args, options, differentiate = [] }) => {
    const given = args.map(argumentOf);
    const named = Object.keys(options).length === 0 ? [] : [camelKeys(argumentOf(options) as Record<string, unknown>)];
    const places = differentiate.length > 0 ? differentiate : [...given.keys()].filter((i) => isFloatTensor(given[i]));
    if (places.length === 0) return;
    it.each<Half>(STEEP.test(name) ? ['float16'] : ['float16', 'bfloat16'])('in %s', (half) => {
      const run = (...floats: Tensor[]): unknown => {
        const all = floatsAs(floatsAs([...given, ...named], half), floats[0].dtype as Half);
        places.forEach((place, i) => (all[place] = floats[i]));
        return callRecorded(keras, symbol, all, {});
      };
      const check = () => compare(run, places.map((i) => given[i] as Tensor), half, OWN_DTYPE.test(symbol) ? 'float32' : half);
      if (REFUSES.test(symbol)) expect(check).toThrow(`received ${half}`);
      else check();
    });
  });
});

/** Complex numbers have parts of 32 and 64 bits. */
const MAKES_COMPLEX = ['view_as_complex'];
const differentiable = allPrimitives.filter(
  ([, { op, samples }]) => samples.length > 0 && op.vjp !== null && !MAKES_COMPLEX.includes(op.name),
);
describe.each(differentiable)('%s', (_, primitive) => {
  it.each<Half>(['float16', 'bfloat16'])('in %s', (half) => {
    for (const sample of primitive.samples) {
      const inputs = drawAll(sample, 'float32');
      const floats = [...inputs.keys()].filter((i) => isFloatTensor(inputs[i]));
      if (floats.length === 0) continue;
      const call = (...xs: Tensor[]) =>
        callPrimitive(
          primitive.op,
          inputs.map((input, i) => (floats.includes(i) ? xs[floats.indexOf(i)] : input)),
          sample.attrs,
        );
      compare(call, floats.map((i) => inputs[i]), half, half);
    }
  });
});
