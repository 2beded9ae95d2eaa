// What holds for every primitive: the spec it infers, the same values when compiled, gradients of first and second order.
import { describe, expect, it } from '@jest/globals';
import { castTo } from '#lib/core/cast.js';
import type { DType } from '#lib/base/dtype.js';
import { isFloat } from '#lib/base/dtype.js';
import { compile, runCompiled } from '#lib/core/jit.js';
import type { Tensor } from '#lib/core/tensor.js';
import { allPrimitives, callOf, checkCase, drawAll, values } from '../helpers/ops.js';
import { expectWithin, tolerance } from '../helpers/tolerance.js';

/** Ops whose kernels have 16-bit floats as they are, or that the compiler widens: the tile ops. */
const isElementwise = (lower: unknown): boolean => typeof lower === 'object';
// Their values jump at points that rounding may cross.
const DISCONTINUOUS = new Set(['floor_divide', 'mod', 'floor', 'ceil', 'round', 'trunc', 'sign', 'nextafter']);

describe.each(allPrimitives)('%s', (name, { op, samples }) => {
  if (samples.length === 0) {
    // Draws are tested in test/lib/random.
    it('is random, or has samples', () => expect(op.name).toMatch(/^(random|permutation)/));
    return;
  }
  describe.each(samples.map((sample, i) => [i, sample] as const))('sample %i', (_, sample) => {
    const call = callOf(op, sample);
    const dtypes: DType[] = isElementwise(op.lower) ? ['float16', 'bfloat16', 'float32', 'float64'] : ['float32', 'float64'];

    it.each(dtypes)('returns the spec that it infers, in %s', (dtype) => {
      const inputs = drawAll(sample, dtype);
      const specs = op.infer(inputs.map((input) => input.spec), sample.attrs ?? {});
      expect(call(...inputs).map((output) => output.spec)).toEqual(specs);
    });

    it.each(dtypes)('gives the same values when compiled, in %s', (dtype) => {
      const inputs = drawAll(sample, dtype);
      const compiled = compile(inputs.map((input) => input.spec), (...xs) => call(...xs));
      const traced = runCompiled(compiled, inputs) as Tensor[];
      call(...inputs).forEach((output, i) => expectWithin(values(traced[i]), values(output), 0, name));
    });

    it.each(dtypes.filter((dtype) => dtype !== 'float64'))('agrees with float64 in %s', (dtype) => {
      if (DISCONTINUOUS.has(op.name)) return;
      const inputs = drawAll(sample, dtype);
      const wide = drawAll(sample, 'float64').map((input, i) => (isFloat(input.dtype) ? castTo(inputs[i], 'float64') : input));
      const terms = Math.max(...inputs.map((input) => input.size));
      const bound = tolerance(dtype, isElementwise(op.lower) ? 'ulp' : 'reduction', terms);
      const expected = call(...wide);
      call(...inputs).forEach((output, i) => expectWithin(values(output), values(expected[i]), isFloat(output.dtype) ? bound : 0, name));
    });

    if (op.vjp !== null && sample.inputs.some(({ kind }) => kind !== 'bool' && kind !== 'index')) {
      it('has the gradient of central differences', () => checkCase(op, sample, 1));
      it('has the second derivative of central differences', () => checkCase(op, sample, 2));
    }
  });
});
