// BatchNormalization: statistics of the batch in training, running ones in inference.
import type { Config, OptionsOf } from '../../config/configurable.js';
import { bool, field, float, int, nullable, withDefault } from '../../config/fields.js';
import { toTensor, type TensorLike } from '../../core/convert.js';
import { resultType } from '../../base/dtype.js';
import { didYouMean, show } from '../../base/errors.js';
import { settings } from '../../base/settings.js';
import { normalizeAxis, type Shape, showShape, type SymbolicShape } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import { isPlainObject } from '../../base/tree.js';
import type { Variable } from '../../core/variable.js';
import { initializer } from '../../initializers/field.js';
import type { DType } from '../../base/dtype.js';
import * as ops from '../../ops/index.js';
import { InputSpec } from '../base/input-spec.js';
import { type CallOptions, layer } from '../base/layer.js';
import type { LayerOptions } from '../base/options.js';
import { addBeta, addGamma, affineSchema } from './affine.js';

/** Bounds of the corrections of batch renormalization. */
export interface RenormClipping {
  /** The largest factor. */
  rmax?: number | null;
  /** The smallest factor. */
  rmin?: number | null;
  /** The largest offset in either direction, at least 0. */
  dmax?: number | null;
}
const CLIPPING_KEYS = ['rmax', 'rmin', 'dmax'];
const clipping = field<RenormClipping>('an object { rmax, rmin, dmax } of numbers', (v, where) => {
  if (!isPlainObject(v)) return undefined;
  const wrong = Object.keys(v).find((key) => !CLIPPING_KEYS.includes(key));
  if (wrong !== undefined) throw new TypeError(`${where} has an unknown key '${wrong}'${didYouMean(wrong, CLIPPING_KEYS)}`);
  if (Object.values(v).some((value) => value !== null && value !== undefined && typeof value !== 'number')) return undefined;
  const { rmax, rmin, dmax } = v as RenormClipping;
  if (typeof rmax === 'number' && typeof rmin === 'number' && rmax < rmin)
    throw new RangeError(`${where}: rmax must be at least rmin, received ${show(v)}`);
  if (typeof dmax === 'number' && dmax < 0) throw new RangeError(`${where}: dmax must be at least 0, received ${show(dmax)}`);
  return v;
});

const { center, scale, ...rest } = affineSchema;
const schema = {
  /** The axis of the features, each of which has statistics of its own. */
  axis: withDefault(int(), -1),
  /** Share of the running statistics that a step keeps. */
  momentum: withDefault(float(), 0.99),
  /** Added to the variance. */
  epsilon: withDefault(float(), 1e-3),
  center,
  scale,
  ...rest,
  movingMeanInitializer: initializer('zeros'),
  movingVarianceInitializer: initializer('ones'),
  /** Batch renormalization: training uses the running statistics too (Ioffe, 2017). */
  renorm: bool(false),
  renormClipping: nullable(clipping),
  /** Share of the statistics for renormalization that a step keeps. */
  renormMomentum: withDefault(float(), 0.99),
  /** Whether replicas share their statistics: with one device it changes nothing. */
  synchronized: bool(false),
} as const;

/** Options of `BatchNormalization`. */
export type BatchNormalizationLayerOptions = OptionsOf<typeof schema> & LayerOptions;

/**
 * `gamma (x - mean) / √(variance + epsilon) + beta` for each feature (Ioffe and Szegedy, 2015). In training the statistics are those of the
 * batch, and running ones are updated; in inference, and when `trainable` is false, the running ones are used. The shape stays the same.
 * `mask` in the options of the call, of the input's shape without the last axis, leaves entries out of the statistics.
 *
 * @throws when the axis is none of the input, or the mask has another rank.
 */
export class BatchNormalization extends layer('BatchNormalization', schema) {
  static readonly takes = 'tensor';
  static readonly callDefaults = { mask: null };
  static readonly samples = [{ args: [], inputs: [[4, 3]] }, { args: [{ axis: 1, scale: false }], inputs: [[2, 3, 4, 2]] }];
  /** Factors of shape (features,), unless `scale` is false. */
  declare gamma: Variable | null;
  /** Offsets of shape (features,), unless `center` is false. */
  declare beta: Variable | null;
  declare movingMean: Variable;
  declare movingVariance: Variable;
  /** With `renorm`: running standard deviation, and the statistics that corrections are relative to. */
  declare movingStddev: Variable;
  declare renormMean: Variable;
  declare renormStddev: Variable;

  override inputSpec: InputSpec | readonly InputSpec[] | null = null;
  override supportsMasking = true;

  override build(inputShape: SymbolicShape): void {
    const { axis, movingMeanInitializer, movingVarianceInitializer, renorm } = this.config;
    const along = normalizeAxis(axis, inputShape.length, `BatchNormalization "${this.name}"`);
    const size = inputShape[along] ?? null;
    const shape = [size];
    this.gamma = this.config.scale ? addGamma(this, shape) : null;
    this.beta = this.config.center ? addBeta(this, shape) : null;
    const running = (name: string, initial: typeof movingMeanInitializer): Variable =>
      this.addWeight({ name, shape, initializer: initial, trainable: false, autocast: false });
    this.movingMean = running('moving_mean', movingMeanInitializer);
    this.movingVariance = running('moving_variance', movingVarianceInitializer);
    this.inputSpec = new InputSpec({ ndim: inputShape.length, axes: { [axis]: size } });
    if (!renorm) return;
    const deviation = (sizes: Shape, { dtype }: { dtype: DType }): Tensor => ops.sqrt(movingVarianceInitializer(sizes, { dtype }));
    this.movingStddev = running('moving_stddev', deviation);
    this.renormMean = running('renorm_mean', movingMeanInitializer);
    this.renormStddev = running('renorm_stddev', deviation);
  }

  override takesSamplesApart(training: boolean): boolean {
    return !(training && this.trainable);
  }

  override call(inputs: Tensor, { training, mask = null }: CallOptions = {}): Tensor {
    const x = ops.cast(inputs, resultType(inputs.dtype, 'float32'));
    const read = (variable: Variable | null): Tensor | null => (variable === null ? null : ops.cast(variable, x.dtype));
    const [gamma, beta] = [read(this.gamma), read(this.beta)];
    if (training !== true || !this.trainable) return this.normalized(x, read(this.movingMean)!, read(this.movingVariance)!, gamma, beta);
    const [mean, variance] = mask === null ? ops.moments(x, this.otherAxes(x)) : this.maskedMoments(x, mask as TensorLike);
    if (!this.config.renorm) {
      this.updateRunning(this.movingMean, mean);
      this.updateRunning(this.movingVariance, variance);
      return this.normalized(x, mean, variance, gamma, beta);
    }
    const [factor, offset] = this.corrections(mean, variance).map((value) => ops.stopGradient(value)) as [Tensor, Tensor];
    const shifted = gamma === null ? offset : ops.multiply(offset, gamma);
    const result = this.normalized(
      x,
      mean,
      variance,
      gamma === null ? factor : ops.multiply(factor, gamma),
      beta === null ? shifted : ops.add(shifted, beta),
    );
    this.updateRenormalization(mean, variance);
    return result;
  }

  private normalized(x: Tensor, mean: Tensor, variance: Tensor, gamma: Tensor | null, beta: Tensor | null): Tensor {
    const { axis, epsilon } = this.config;
    return ops.cast(ops.batchNormalization(x, mean, variance, axis, { offset: beta, scale: gamma, epsilon }), this.computeDtype);
  }
  private otherAxes(x: Tensor): number[] {
    const along = normalizeAxis(this.config.axis, x.ndim, `BatchNormalization "${this.name}"`);
    return [...x.shape.keys()].filter((axis) => axis !== along);
  }

  /** Moments of the entries where the mask is true. */
  private maskedMoments(x: Tensor, given: TensorLike): [Tensor, Tensor] {
    const mask = toTensor(given, 'bool', `BatchNormalization "${this.name}": mask`);
    if (mask.ndim !== x.ndim - 1)
      throw new RangeError(
        `BatchNormalization "${this.name}": the mask must have one axis less than the inputs of shape ${showShape(x.shape)}, received ` +
          `${showShape(mask.shape)}`,
      );
    const keep = ops.broadcastTo(ops.expandDims(mask, -1), x.shape);
    const along = { axis: this.otherAxes(x), keepdims: true };
    const count = ops.add(ops.sum(ops.cast(keep, x.dtype), along), settings.epsilon);
    const mean = ops.divide(ops.sum(ops.where(keep, x, 0), along), count);
    const squares = ops.square(ops.where(keep, ops.subtract(x, mean), 0));
    const variance = ops.divide(ops.sum(squares, along), count);
    return [ops.reshape(mean, [-1]), ops.reshape(variance, [-1])];
  }

  private updateRunning(variable: Variable, value: Tensor, momentum = this.config.momentum): Tensor {
    return variable.assign(ops.add(ops.multiply(ops.cast(variable, value.dtype), momentum), ops.multiply(value, 1 - momentum)));
  }

  // ---- batch renormalization -----------------------------------------------------------------------------------------

  /** Factor and offset from the statistics of the batch to those for renormalization. */
  private corrections(mean: Tensor, variance: Tensor): [Tensor, Tensor] {
    const { epsilon, renormClipping } = this.config;
    const { rmin, rmax, dmax } = renormClipping ?? {};
    const deviation = ops.maximum(ops.cast(this.renormStddev, mean.dtype), Math.sqrt(epsilon));
    let factor = ops.divide(ops.sqrt(ops.add(variance, epsilon)), deviation);
    let offset = ops.divide(ops.subtract(mean, ops.cast(this.renormMean, mean.dtype)), deviation);
    if (typeof rmin === 'number') factor = ops.maximum(factor, rmin);
    if (typeof rmax === 'number') factor = ops.minimum(factor, rmax);
    if (typeof dmax === 'number') offset = ops.clip(offset, -dmax, dmax);
    return [factor, offset];
  }
  private updateRenormalization(mean: Tensor, variance: Tensor): void {
    const { epsilon, renormMomentum } = this.config;
    const deviation = ops.sqrt(ops.add(variance, epsilon));
    this.updateRunning(this.renormMean, mean, renormMomentum);
    this.updateRunning(this.renormStddev, deviation, renormMomentum);
    this.updateRunning(this.movingMean, mean);
    const moved = this.updateRunning(this.movingStddev, deviation);
    this.movingVariance.assign(ops.relu(ops.subtract(ops.square(moved), epsilon)));
  }

  override getConfig(): Config {
    const { renorm_clipping: bounds, ...config } = super.getConfig();
    return { ...config, renorm_clipping: this.config.renorm ? bounds ?? {} : bounds };
  }
}
