// What holds for every primitive: the spec it infers, the same values when compiled, gradients of first and second order.
import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
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

/** Ops that are made of what a call computes: they are tested with the functions that make them, in test/lib/ops/control.test.ts. */
const MADE_OF_PROGRAMS = ['switch', 'while_loop', 'unwind', 'scan'];
/** Ops that only gradients call: the second derivatives of the others test them. */
const GRADIENTS = [
  'attention_gradient',
  'ctc_curvature',
  'ctc_gradient',
  'digamma',
  'gamma_density',
  'gammainc_da',
  'gammainc_daa',
  'gru_gradient',
  'lstm_gradient',
  'max_pool_grad',
  'max_pool_pick',
];

it('all primitives are tested', () => {
  const folder = new URL('../../../lib/ops/primitives/', import.meta.url);
  const sources = readdirSync(folder).map((file) => readFileSync(new URL(file, folder), 'utf8'));
  const defined = sources.flatMap((text) =>
    [...text.matchAll(/\b(?:defineOp|unary|binary|ternary|reduction|normalizer)(?:<[^(]*>)?\('(\w+)'/g)].map(([, name]) => name),
  );
  const tested = new Set(allPrimitives.map(([, { op }]) => op.name));
  expect(defined.length).toBeGreaterThan(100);
  expect(defined.filter((name) => !tested.has(name) && ![...MADE_OF_PROGRAMS, ...GRADIENTS].includes(name))).toEqual([]);
});

describe.each(allPrimitives)('%s', (name, { op, samples }) => {
  if (samples.length === 0) {
    // Draws are tested in test/lib/random; `eig`, whose eigenvectors have no gradient, in test/lib/ops/linalg.
    it('is random, or has samples', () => expect(op.name).toMatch(/^(random|permutation|eig$)/));
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

    const narrow = DISCONTINUOUS.has(op.name) ? [] : dtypes.filter((dtype) => dtype !== 'float64');
    if (narrow.length > 0) it.each(narrow)('agrees with float64 in %s', (dtype) => {
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
