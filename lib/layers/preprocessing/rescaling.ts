// Rescaling: brings values, such as pixels, to another range.
import type { OptionsOf } from '../../config/configurable.js';
import { type Field, withDefault } from '../../config/fields.js';
import { isSerialized } from '../../config/registration.js';
import { toTensor, type TensorLike } from '../../core/convert.js';
import type { DType } from '../../base/dtype.js';
import { settings } from '../../base/settings.js';
import { Tensor } from '../../core/tensor.js';
import * as ops from '../../ops/index.js';
import { layer } from '../base/layer.js';
import type { LayerOptions } from '../base/options.js';

/** A number, nested arrays of them, or a tensor; Keras writes NumPy arrays into configs as objects of class `__numpy__`. */
const numbers: Field<TensorLike, number | readonly unknown[] | Tensor, true> = {
  required: true,
  expects: 'a number or an array of numbers',
  parse: (value, where) => {
    if (typeof value === 'number' && !Number.isNaN(value)) return value;
    const { value: saved, dtype } = isSerialized(value)
      ? (value.config as unknown as { value: TensorLike; dtype?: DType })
      : { value: value as TensorLike };
    const tensor = toTensor(saved, dtype ?? null, where);
    return Array.isArray(value) ? value : tensor;
  },
  serialize: (value) =>
    value instanceof Tensor ? { class_name: '__numpy__', config: { value: value.tolist(), dtype: value.dtype } } : value,
};

const schema = {
  /** Factor of the inputs; an array has one for each channel. */
  scale: numbers,
  /** Added to the products; an array has one for each channel. */
  offset: withDefault(numbers, 0),
} as const;

/** Options of `Rescaling`. */
export type RescalingOptions = OptionsOf<typeof schema> & LayerOptions;

/**
 * `x * scale + offset`, in the layer's dtype whatever that of the inputs. The shape stays the same.
 *
 * ```ts
 * new keras.layers.Rescaling(1 / 127.5, { offset: -1 }); // pixels of 0 … 255 to -1 … 1
 * ```
 */
export class Rescaling extends layer('Rescaling', schema, ['scale']) {
  static readonly samples = [
    { args: [1 / 255], inputs: [[2, 3]] },
    { args: [[1, 2, 3], { offset: [0.5, 0, -1] }], inputs: [[2, 4, 4, 3]] },
  ];
  override supportsMasking = true;

  override call(x: Tensor): Tensor {
    const dtype = this.computeDtype;
    const scale = ops.cast(this.config.scale as TensorLike, dtype);
    // Keras brings the factors beside the channels, but not what is added.
    const channelsFirst = scale.ndim > 0 && settings.imageDataFormat === 'channels_first';
    const factors = channelsFirst ? ops.reshape(scale, [...scale.shape, ...new Array<number>(Math.max(0, 3 - scale.ndim)).fill(1)]) : scale;
    return ops.add(ops.multiply(ops.cast(x, dtype), factors), ops.cast(this.config.offset as TensorLike, dtype));
  }
}
