// Calling primitives on random samples, and checking their gradients by central differences.
import { makeTensor } from '#lib/core/convert.js';
import { castTo } from '#lib/core/cast.js';
import type { DType } from '#lib/base/dtype.js';
import { isComplex, isFloat, isInexact } from '#lib/base/dtype.js';
import type { Attrs, Op } from '#lib/core/op.js';
import { bind } from '#lib/core/bind.js';
import { sizeOf } from '#lib/base/shape.js';
import type { Tensor } from '#lib/core/tensor.js';
import { vjp } from '#lib/ops/autodiff.js';
import * as primitives from '#lib/ops/primitives/index.js';
import type { Case, Primitive, Sample } from '#lib/ops/primitives/primitive.js';
import { expectWithin } from './tolerance.js';

type AnyPrimitive = Primitive<Attrs, unknown>;
/** All primitives, by the name of their export. */
export const allPrimitives: readonly (readonly [string, AnyPrimitive])[] = Object.entries(primitives)
  .filter((entry): entry is [string, never] => typeof entry[1] === 'function' && 'op' in entry[1]);

/** Repeatable numbers from 0 to 1 (a multiplicative congruential generator; Park and Miller, 1988). */
export function numbers(seed: number): () => number {
  let state = seed % 2147483647 || 1;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}

/** The tensor that a sample describes; floats in `dtype`. */
export function draw({ shape, low = -2, high = 2, kind = 'float', constant }: Sample, dtype: DType, next: () => number): Tensor {
  if (constant !== undefined) return constant(dtype);
  if (kind === 'complex') return primitives.viewAsComplex(draw({ shape: [...shape, 2], low, high }, dtype, next));
  const stored = kind === 'bool' ? 'bool' : kind === 'index' ? 'int32' : 'float64';
  const values = makeTensor(stored, shape, (data) => {
    for (let i = 0; i < sizeOf(shape); i++) {
      data[i] = kind === 'bool' ? Math.round(next()) : kind === 'index' ? Math.floor(next() * high) : low + next() * (high - low);
    }
  });
  if (kind === 'regular' || kind === 'definite') return castTo(regular(values, kind === 'definite'), dtype);
  return kind === 'float' ? castTo(values, dtype) : values;
}
/** Matrices with small elements off a dominant diagonal whose elements differ; symmetric on request. */
function regular(x: Tensor, symmetric: boolean): Tensor {
  const [rows, columns] = x.shape.slice(-2);
  return makeTensor('float64', x.shape, (data) => {
    for (let i = 0; i < x.size; i++) {
      const [matrix, row, column] = [Math.floor(i / (rows * columns)), Math.floor(i / columns) % rows, i % columns];
      const mirror = (matrix * rows + column) * columns + row;
      const value = (Number(x.data[i]) + (symmetric ? Number(x.data[mirror]) : 0)) / 8;
      data[i] = value + (row === column ? 2 + row : 0);
    }
  });
}
/** The inputs of a case. */
export function drawAll(sample: Case<unknown>, dtype: DType, seed = 7): Tensor[] {
  const next = numbers(seed);
  return sample.inputs.map((input) => draw(input, dtype, next));
}
/** The op called on a case. */
export const callOf = (op: Op, sample: Case<Attrs>) => (...inputs: Tensor[]): Tensor[] => bind(op, inputs, sample.attrs);

/** The elements as numbers, 16-bit floats too. */
export const values = (tensor: Tensor): number[] =>
  Array.from(isFloat(tensor.dtype) ? castTo(tensor, 'float64').data : tensor.data, Number);

/** Float cotangents for float outputs, the same for the same shapes. */
function cotangentsOf(outputs: readonly Tensor[]): Tensor[] {
  const next = numbers(99);
  return outputs.map((output) => draw({ shape: output.shape, low: -1, high: 1 }, output.dtype, next));
}

/** Gradients of `sum(outputs * cotangents)` for the float outputs of a function of float tensors. */
function gradientsOf(fn: (...inputs: Tensor[]) => Tensor[], inputs: readonly Tensor[], cotangents: readonly Tensor[]): Tensor[] {
  const [, pullback] = vjp((...xs: Tensor[]) => fn(...xs), ...inputs);
  return pullback(cotangents);
}

const STEP = 1e-5;
/** Fails unless the gradients of a function of float64 tensors agree with central differences. */
export function checkGradient(fn: (...inputs: Tensor[]) => Tensor[], inputs: readonly Tensor[], relative: number, where: string): void {
  const floatOutputs = (...xs: Tensor[]) => fn(...xs).filter((output) => isFloat(output.dtype));
  const cotangents = cotangentsOf(floatOutputs(...inputs));
  const weighted = (...xs: Tensor[]) => floatOutputs(...xs).reduce((sum, output, k) => {
    const weights = values(cotangents[k]);
    return sum + values(output).reduce((part, value, i) => part + value * weights[i], 0);
  }, 0);
  const gradients = gradientsOf(floatOutputs, inputs, cotangents);
  inputs.forEach((input, k) => {
    const shifted = (i: number, by: number) => makeTensor('float64', input.shape, (data) => {
      data.set(input.data as never);
      data[i] = (data[i] as number) + by;
    });
    const slope = (i: number, by: number) => weighted(...inputs.map((other, j) => (j === k ? shifted(i, by) : other)));
    const differences = Array.from({ length: input.size }, (_, i) => (slope(i, STEP) - slope(i, -STEP)) / (2 * STEP));
    expectWithin(values(gradients[k]), differences, relative, `${where}, input ${k}: `);
  });
}

/** Complex tensors as floats, others as they are. */
const asFloats = (x: Tensor): Tensor => (isComplex(x.dtype) ? primitives.viewAsReal(x) : x);

/** `checkGradient` for an op on a case: its float and complex inputs vary, the others are fixed. With `order` 2, of the gradient itself. */
export function checkCase(op: Op, sample: Case<Attrs>, order: 1 | 2): void {
  const inputs = drawAll(sample, 'float64');
  const varying = inputs.map((input, i) => isInexact(input.dtype) && sample.inputs[i].constant === undefined);
  const floats = inputs.filter((_, i) => varying[i]).map(asFloats);
  const call = callOf(op, sample);
  const fn = (...xs: Tensor[]) => {
    let next = 0;
    const given = (input: Tensor): Tensor => (isComplex(input.dtype) ? primitives.viewAsComplex(xs[next++]) : xs[next++]);
    return call(...inputs.map((input, i) => (varying[i] ? given(input) : input))).map(asFloats);
  };
  if (order === 1) return checkGradient(fn, floats, 1e-6, op.name);
  const floatOutputs = (...xs: Tensor[]) => fn(...xs).filter((output) => isFloat(output.dtype));
  const cotangents = cotangentsOf(floatOutputs(...floats));
  return checkGradient((...xs) => gradientsOf(floatOutputs, xs, cotangents), floats, 1e-5, `gradient of ${op.name}`);
}
