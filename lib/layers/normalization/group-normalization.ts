// GroupNormalization: statistics of each sample and group of channels.
import type { OptionsOf } from '../../config/configurable.js';
import { field, float, int, withDefault } from '../../config/fields.js';
import { resultType } from '../../base/dtype.js';
import { normalizeAxis, showShape, type SymbolicShape } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import type { Variable } from '../../core/variable.js';
import * as ops from '../../ops/index.js';
import { InputSpec } from '../base/input-spec.js';
import { layer } from '../base/layer.js';
import type { LayerOptions } from '../base/options.js';
import { addBeta, addGamma, affineSchema } from './affine.js';

const schema = {
  /** Number of groups that the channels are divided into; -1: each channel is one (instance normalization). */
  groups: withDefault(
    field<number>('an integer >= 1, or -1', (v) => (typeof v === 'number' && Number.isInteger(v) && (v >= 1 || v === -1) ? v : undefined)),
    32,
  ),
  /** The axis of the channels. */
  axis: withDefault(int(), -1),
  /** Added to the variance. */
  epsilon: withDefault(float(), 1e-3),
  ...affineSchema,
} as const;

/** Options of `GroupNormalization`. */
export type GroupNormalizationOptions = OptionsOf<typeof schema> & LayerOptions;

/**
 * `gamma (x - mean) / √(variance + epsilon) + beta` with the statistics of each sample's groups of channels (Wu and He, 2018). The shape
 * stays the same.
 *
 * @throws when the axis is none of the input, its size is not known, or is no multiple of the number of groups.
 */
export class GroupNormalization extends layer('GroupNormalization', schema) {
  static readonly takes = 'tensor';
  static readonly samples = [
    { args: [{ groups: 2 }], inputs: [[2, 3, 4]] },
    { args: [{ groups: -1, axis: 1, scale: false }], inputs: [[2, 3, 4]] },
  ];
  /** Factors of shape (channels,), unless `scale` is false. */
  declare gamma: Variable | null;
  /** Offsets of shape (channels,), unless `center` is false. */
  declare beta: Variable | null;

  override readonly autocast: boolean = false;
  override inputSpec: InputSpec | readonly InputSpec[] | null = null;
  override supportsMasking = true;

  override build(inputShape: SymbolicShape): void {
    const where = `GroupNormalization "${this.name}"`;
    const { axis, scale, center } = this.config;
    const channels = inputShape[normalizeAxis(axis, inputShape.length, where)] ?? null;
    if (channels === null)
      throw new RangeError(`${where}: the size of axis ${axis} must be known, received inputs of shape ${showShape(inputShape)}`);
    if (this.config.groups === -1) (this.config as { groups: number }).groups = channels;
    if (channels % this.config.groups !== 0)
      throw new RangeError(
        `${where}: the number of channels must be a multiple of the ${this.groups} groups, received ${channels} channels`,
      );
    this.inputSpec = new InputSpec({ ndim: inputShape.length, axes: { [axis]: channels } });
    this.gamma = scale ? addGamma(this, [channels]) : null;
    this.beta = center ? addBeta(this, [channels]) : null;
  }

  override call(inputs: Tensor): Tensor {
    const axis = normalizeAxis(this.config.axis, inputs.ndim, `GroupNormalization "${this.name}"`);
    const members = inputs.shape[axis]! / this.groups;
    const grouped = (shape: readonly number[]): number[] => [...shape.slice(0, axis), this.groups, members, ...shape.slice(axis + 1)];
    const x = ops.cast(ops.reshape(inputs, grouped(inputs.shape)), resultType(inputs.dtype, 'float32'));
    const place = (weights: Variable): Tensor => ops.cast(ops.reshape(weights, grouped(inputs.shape.map(() => 1))), x.dtype);
    const [mean, variance] = ops.moments(
      x,
      [...x.shape.keys()].filter((a) => a !== 0 && a !== axis),
      { keepdims: true },
    );
    const root = ops.rsqrt(ops.add(variance, this.config.epsilon));
    const factor = this.gamma === null ? root : ops.multiply(root, place(this.gamma));
    const shifted = ops.negative(ops.multiply(mean, factor));
    const offset = this.beta === null ? shifted : ops.add(shifted, place(this.beta));
    return ops.cast(ops.cast(ops.reshape(ops.add(ops.multiply(x, factor), offset), inputs.shape), inputs.dtype), this.computeDtype);
  }
}
