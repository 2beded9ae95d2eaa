// Quantization that training sees: values are rounded to a grid, and gradients flow through as if they were not.
import { toTensor, type TensorLike } from '../core/convert.js';
import { checkOptions } from '../base/errors.js';
import { integer } from '../base/integers.js';
import { normalizeAxis } from '../base/shape.js';
import type { Tensor } from '../core/tensor.js';
import { customGradient } from '../ops/autodiff.js';
import * as ops from '../ops/index.js';

/** Options of `fakeQuantWithMinMaxVars`. */
export interface FakeQuantOptions {
  /** Bits of the grid. Default 8. */
  numBits?: number;
  /** Whether the grid leaves out its lowest number. Default false. */
  narrowRange?: boolean;
  /** The axis whose entries have ranges of their own; null (default): one range. */
  axis?: number | null;
}

/** The range moved so that zero lies on the grid, and the grid's step and its inverse. */
function nudged(
  min: Tensor,
  max: Tensor,
  numBits: number,
  narrowRange: boolean,
): { min: Tensor; max: Tensor; step: Tensor; inverse: Tensor } {
  const [low, high] = [narrowRange ? 1 : 0, 2 ** numBits - 1];
  const width = ops.subtract(max, min);
  const step = ops.divide(width, high - low);
  const zero = ops.round(ops.clip(ops.subtract(low, ops.divide(min, step)), low, high));
  return {
    min: ops.multiply(ops.subtract(low, zero), step),
    max: ops.multiply(ops.subtract(high, zero), step),
    step,
    inverse: ops.divide(high - low, width),
  };
}

/** Over the last axis, or with scalar ranges. Beyond the range the gradient goes to its ends. */
function fakeQuant(x: Tensor, minVals: Tensor, maxVals: Tensor, numBits: number, narrowRange: boolean): Tensor {
  return customGradient((inputs: Tensor, least: Tensor, most: Tensor) => {
    const { min, max, step, inverse } = nudged(least, most, numBits, narrowRange);
    const wide = ops.cast(inputs, min.dtype);
    const zero = ops.floor(ops.add(ops.multiply(ops.negative(min), inverse), 0.5));
    const place = ops.subtract(ops.multiply(ops.subtract(ops.clip(wide, min, max), min), inverse), zero);
    const output = ops.cast(ops.multiply(ops.floor(ops.add(place, 0.5)), step), inputs.dtype);
    const gradient = (upstream: Tensor): Tensor[] => {
      const only = (mask: Tensor): Tensor => ops.where(mask, upstream, ops.zerosLike(upstream));
      const total = (part: Tensor, like: Tensor): Tensor =>
        ops.reshape(ops.sum(part, like.size === 1 ? {} : { axis: part.shape.slice(0, -1).map((_, i) => i) }), like.shape);
      return [
        only(ops.logicalAnd(ops.greaterEqual(wide, min), ops.lessEqual(wide, max))),
        total(only(ops.lessEqual(wide, min)), least),
        total(only(ops.greaterEqual(wide, max)), most),
      ];
    };
    return [output, gradient] as const;
  })(x, minVals, maxVals);
}

/**
 * `inputs` rounded to a grid of `2 ** numBits` numbers from `minVals` to `maxVals`, moved a little so that 0 is one of them; scalars, or a
 * range for each entry of `axis`. Gradients flow through within the range, and to its ends beyond it.
 * @throws for bits beyond 2 to 16, and ranges of another size than the axis.
 */
export function fakeQuantWithMinMaxVars(
  inputs: TensorLike,
  minVals: TensorLike,
  maxVals: TensorLike,
  options: FakeQuantOptions = {},
): Tensor {
  const where = 'fakeQuantWithMinMaxVars';
  checkOptions(where, options, ['numBits', 'narrowRange', 'axis']);
  const { numBits = 8, narrowRange = false, axis = null } = options;
  integer(where, 'numBits', numBits, { min: 2, max: 16 });
  const x = toTensor(inputs, null, where);
  const [min, max] = [minVals, maxVals].map((value) => ops.cast(value, 'float32')) as [Tensor, Tensor];
  if (axis === null) {
    if (min.size !== 1 || max.size !== 1)
      throw new RangeError(`${where}: without 'axis' the range is one number each, received ${min.size} and ${max.size}`);
    return fakeQuant(x, min, max, numBits, narrowRange);
  }
  const along = normalizeAxis(axis, x.ndim, where);
  if (min.size !== x.shape[along] || max.size !== x.shape[along])
    throw new RangeError(`${where}: axis ${axis} has size ${x.shape[along]}, but there are ${min.size} and ${max.size} ranges`);
  const last = x.ndim - 1;
  return ops.swapaxes(fakeQuant(ops.swapaxes(x, along, last), min, max, numBits, narrowRange), last, along);
}
