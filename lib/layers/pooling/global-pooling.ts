// GlobalMaxPooling and GlobalAveragePooling over one, two and three spatial axes.
import type { OptionsOf } from '../../config/configurable.js';
import { bool } from '../../config/fields.js';
import { toTensor, type TensorLike } from '../../core/convert.js';
import type { Tensor } from '../../core/tensor.js';
import * as ops from '../../ops/index.js';
import { dataFormat, type DataFormat } from '../base/data-format.js';
import type { CallOptions } from '../base/layer.js';
import type { LayerOptions } from '../base/options.js';
import { firstSpatial } from '../base/spatial-fields.js';
import { poolingLayer } from './pooling-layer.js';

const schema = {
  dataFormat: dataFormat(),
  /** Whether the spatial axes stay, with size 1. */
  keepdims: bool(false),
} as const;

/** Options of the global pooling layers. */
export type GlobalPoolingOptions = OptionsOf<typeof schema> & LayerOptions;

interface GlobalConfig {
  readonly dataFormat: DataFormat;
  readonly keepdims: boolean;
}
/** What to reduce of a batch. */
function reduction(x: Tensor, { dataFormat: format, keepdims }: GlobalConfig): { axis: number[]; keepdims: boolean } {
  return { axis: Array.from({ length: x.ndim - 2 }, (_, i) => firstSpatial(format) + i), keepdims };
}

/** A layer that reduces `rank` spatial axes. */
function globalPooling(className: string, rank: number, reduce: typeof ops.mean) {
  const Base = poolingLayer(className, schema, { rank, pool: (x, config) => reduce(x, reduction(x, config)) });
  return class extends Base {
    static override readonly builtWhenMade = true;
  } as unknown as typeof Base;
}

/**
 * The mean over the steps of `(batch, steps, channels)`: `(batch, channels)`, or `(batch, 1, channels)` with `keepdims`. With `mask` in the
 * options of the call, `(batch, steps)`, only the steps where it is true count. With `dataFormat: 'channels_first'` the channels are axis
 * 1.
 *
 * @throws for an input that has not three axes.
 */
export class GlobalAveragePooling1D extends globalPooling('GlobalAveragePooling1D', 1, ops.mean) {
  static readonly callDefaults = { mask: null };
  static readonly samples = [
    { args: [], inputs: [[2, 7, 3]] },
    { args: [{ dataFormat: 'channels_first', keepdims: true }], inputs: [[2, 3, 7]] },
  ];
  override supportsMasking = true;

  override call(x: Tensor, { mask = null }: CallOptions = {}): Tensor {
    const options = reduction(x, this.config);
    if (mask === null) return ops.mean(x, options);
    const steps = ops.cast(toTensor(mask as TensorLike, null, `GlobalAveragePooling1D "${this.name}": mask`), 'bool');
    const keep = ops.expandDims(steps, this.config.dataFormat === 'channels_last' ? 2 : 1);
    return ops.divide(ops.sum(ops.where(keep, x, 0), options), ops.sum(ops.cast(keep, x.dtype), options));
  }
  /** None: the steps are gone. */
  computeMask(): null {
    return null;
  }
}

/**
 * The mean over rows and columns of `(batch, rows, columns, channels)`, otherwise as `GlobalAveragePooling1D`, without a mask. @throws for
 * an input that has not four axes.
 */
export class GlobalAveragePooling2D extends globalPooling('GlobalAveragePooling2D', 2, ops.mean) {
  static readonly samples = [
    { args: [], inputs: [[2, 7, 6, 3]] },
    { args: [{ dataFormat: 'channels_first', keepdims: true }], inputs: [[2, 3, 7, 6]] },
  ];
}

/**
 * The mean over depth, rows and columns of `(batch, depth, rows, columns, channels)`, otherwise as `GlobalAveragePooling1D`, without a
 * mask. @throws for an input that has not five axes.
 */
export class GlobalAveragePooling3D extends globalPooling('GlobalAveragePooling3D', 3, ops.mean) {
  static readonly samples = [
    { args: [], inputs: [[2, 5, 4, 6, 2]] },
    { args: [{ dataFormat: 'channels_first', keepdims: true }], inputs: [[2, 2, 5, 4, 6]] },
  ];
}

/**
 * The largest element over the steps of `(batch, steps, channels)`: `(batch, channels)`, or `(batch, 1, channels)` with `keepdims`. With
 * `dataFormat: 'channels_first'` the channels are axis 1.
 *
 * @throws for an input that has not three axes.
 */
export class GlobalMaxPooling1D extends globalPooling('GlobalMaxPooling1D', 1, ops.max) {
  static readonly samples = [
    { args: [], inputs: [[2, 7, 3]] },
    { args: [{ dataFormat: 'channels_first', keepdims: true }], inputs: [[2, 3, 7]] },
  ];
}

/**
 * The largest element over rows and columns of `(batch, rows, columns, channels)`, otherwise as `GlobalMaxPooling1D`. @throws for an input
 * that has not four axes.
 */
export class GlobalMaxPooling2D extends globalPooling('GlobalMaxPooling2D', 2, ops.max) {
  static readonly samples = [
    { args: [], inputs: [[2, 7, 6, 3]] },
    { args: [{ dataFormat: 'channels_first', keepdims: true }], inputs: [[2, 3, 7, 6]] },
  ];
}

/**
 * The largest element over depth, rows and columns of `(batch, depth, rows, columns, channels)`, otherwise as `GlobalMaxPooling1D`. @throws
 * for an input that has not five axes.
 */
export class GlobalMaxPooling3D extends globalPooling('GlobalMaxPooling3D', 3, ops.max) {
  static readonly samples = [
    { args: [], inputs: [[2, 5, 4, 6, 2]] },
    { args: [{ dataFormat: 'channels_first', keepdims: true }], inputs: [[2, 2, 5, 4, 6]] },
  ];
}
