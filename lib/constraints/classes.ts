// All constraints.
import { configured } from '../config/configurable.js';
import { type Field, field, float, withDefault } from '../config/fields.js';
import { settings } from '../base/settings.js';
import type { Tensor } from '../core/tensor.js';
import * as ops from '../ops/index.js';
import { Constraint } from './constraint.js';

export { Constraint } from './constraint.js';

const isAxis = (value: unknown): value is number => typeof value === 'number' && Number.isInteger(value);
/** The axis or axes of one vector whose norm counts. */
const axis: Field<number | readonly number[], number | readonly number[], false> = withDefault(
  field<number | readonly number[]>('an axis or an array of axes', (v) =>
    isAxis(v) || (Array.isArray(v) && v.every(isAxis)) ? v : undefined,
  ),
  0,
);

const norms = (w: Tensor, along: number | readonly number[]): Tensor => ops.sqrt(ops.sum(ops.square(w), { axis: along, keepdims: true }));
/** `w` with its vectors brought from the norms that they have to the desired ones. */
const rescale = (w: Tensor, desired: Tensor, present: Tensor): Tensor =>
  ops.multiply(w, ops.divide(desired, ops.add(present, settings.epsilon)));

/** Shortens vectors that are longer than `maxValue`. */
export class MaxNorm extends configured(Constraint, 'MaxNorm', {
  /** Default 2. */
  maxValue: withDefault(float(), 2),
  /** The axes of one vector: for `Dense` 0, for the kernel of `Conv2D` `[0, 1, 2]`. Default 0. */
  axis,
}, ['maxValue']) {
  override call(w: Tensor): Tensor {
    const present = norms(w, this.config.axis);
    return rescale(w, ops.clip(present, 0, this.config.maxValue), present);
  }
}

/** Negative weights become 0. */
export class NonNeg extends configured(Constraint, 'NonNeg', {}) {
  override call(w: Tensor): Tensor {
    return ops.maximum(w, 0);
  }
}

/** Scales vectors to length 1. */
export class UnitNorm extends configured(Constraint, 'UnitNorm', {
  /** The axes of one vector. Default 0. */
  axis,
}) {
  override call(w: Tensor): Tensor {
    return ops.divide(w, ops.add(norms(w, this.config.axis), settings.epsilon));
  }
}

/** Brings the length of vectors into `minValue` … `maxValue`, by the share `rate` at each step. */
export class MinMaxNorm extends configured(Constraint, 'MinMaxNorm', {
  /** Default 0. */
  minValue: withDefault(float(), 0),
  /** Default 1. */
  maxValue: withDefault(float(), 1),
  /** 1: the whole way at once. Default 1. */
  rate: withDefault(float(), 1),
  /** The axes of one vector. Default 0. */
  axis,
}) {
  override call(w: Tensor): Tensor {
    const { minValue, maxValue, rate, axis: along } = this.config;
    const present = norms(w, along);
    const desired = ops.add(ops.multiply(ops.clip(present, minValue, maxValue), rate), ops.multiply(present, 1 - rate));
    return rescale(w, desired, present);
  }
}
