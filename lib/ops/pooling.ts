// Pooling functions of `keras.ops`: each window of the spatial axes becomes one element.
import type { TensorLike } from '../core/convert.js';
import { toTensor } from '../core/convert.js';
import { show } from '../base/errors.js';
import { showShape, type Shape } from '../base/shape.js';
import type { Tensor } from '../core/tensor.js';
import { movedAxes } from './axes.js';
import * as p from './primitives/index.js';
import type { PoolAxis } from './primitives/pool.js';
import { publicOp, toFloat, widened } from './public.js';
import { fitWindows, perAxis, readDataFormat, readPadding, type DataFormat, type Padding } from './spatial.js';

/** Options of `maxPool` and `averagePool`. */
export interface PoolOptions {
  /** How far windows are apart, one number or one for each spatial axis. null, the default: `poolSize`. */
  strides?: number | readonly number[] | null;
  /**
   * `'valid'`, the default: windows lie within the input. `'same'`: there is one for every stride, and places outside of the input do not
   * count.
   */
  padding?: Padding;
  /** Where the channels are; null, the default, is `keras.config.imageDataFormat()`. */
  dataFormat?: DataFormat | null;
}
/** Options of `adaptiveMaxPool` and `adaptiveAveragePool`. */
export interface AdaptivePoolOptions {
  /** Where the channels are; null, the default, is `keras.config.imageDataFormat()`. */
  dataFormat?: DataFormat | null;
}

/**
 * From so many channels on, moving them to the end, where the kernels work on vectors of them, is faster than pooling each apart. AVX-512,
 * 2 x 2 maximum of 8 x 56 x 56 images, in ms of one core: 64 channels 3.7 against 9.4, 8 channels 0.7 against 1.3; mean of 4 channels 0.5
 * against 0.3.
 */
const FEW_CHANNELS = 8;

type Kernel = (x: Tensor, axes: readonly PoolAxis[]) => Tensor;

/**
 * Pools a tensor whose axes are (batch, spatial…, channels) or (batch, channels, spatial…). `axesOf` gives the windows for the spatial
 * sizes.
 */
function pooled(
  where: string,
  x: Tensor,
  kernel: Kernel,
  dataFormat: DataFormat | null | undefined,
  axesOf: (spatial: Shape) => PoolAxis[],
): Tensor {
  const format = readDataFormat(where, dataFormat);
  const { shape } = x;
  if (shape.length < 3 || shape.length > 5)
    throw new RangeError(
      `${where}: the inputs must have a batch axis, a channel axis and one to three spatial axes, received shape ${showShape(shape)}`,
    );
  if (format === 'channels_last') {
    const axes = axesOf(shape.slice(1, -1));
    return widened(x, (wide) => kernel(wide, axes));
  }
  const [batch, channels, ...spatial] = shape as [number, number, ...number[]];
  const axes = axesOf(spatial);
  return widened(x, (wide) => {
    if (channels >= FEW_CHANNELS)
      return p.transpose(kernel(p.transpose(wide, movedAxes(x.ndim, 1, -1, where)), axes), movedAxes(x.ndim, -1, 1, where));
    // Every channel of every sample is a sample of one channel.
    return p.reshape(kernel(p.reshape(wide, [batch * channels, ...spatial, 1]), axes), [batch, channels, ...axes.map((axis) => axis[1])]);
  });
}

function stridedPool(
  where: string,
  x: Tensor,
  kernel: Kernel,
  poolSize: number | readonly number[],
  { strides = null, padding = 'valid', dataFormat = null }: PoolOptions,
): Tensor {
  const mode = readPadding(where, padding);
  return pooled(where, x, kernel, dataFormat, (spatial) => {
    const sizes = perAxis(where, 'poolSize', poolSize, spatial.length);
    const steps = strides === null ? sizes : perAxis(where, 'strides', strides, spatial.length);
    return spatial.map((length, i) => {
      const { count, before } = fitWindows(length, sizes[i]!, steps[i]!, mode);
      if (count < 1)
        throw new RangeError(
          `${where}: Computed output size would be zero or negative: windows of poolSize ${show(sizes)} do not fit inputs of shape ` +
            `${showShape(x.shape)}`,
        );
      return [length, count, sizes[i]!, steps[i]!, before];
    });
  });
}

function adaptivePool(
  where: string,
  x: Tensor,
  kernel: Kernel,
  outputSize: number | readonly number[],
  { dataFormat = null }: AdaptivePoolOptions,
): Tensor {
  return pooled(where, x, kernel, dataFormat, (spatial) => {
    const sizes = perAxis(where, 'outputSize', outputSize, spatial.length);
    if (spatial.includes(0)) throw new RangeError(`${where}: inputs of shape ${showShape(x.shape)} have no elements to pool`);
    return spatial.map((length, i) => [length, sizes[i]!, 0, 1, 0]);
  });
}

/**
 * The largest element of each window of `poolSize` (one number, or one for each of one to three spatial axes), for each sample and channel.
 * NaN where a window has one. The gradient goes to the first of the largest elements. Keeps the dtype.
 *
 * @throws a RangeError when no window fits, or when sizes are not integers of at least 1.
 */
export const maxPool = publicOp('maxPool', (inputs: TensorLike, poolSize: number | readonly number[], options: PoolOptions = {}): Tensor =>
  stridedPool('maxPool', toTensor(inputs, null, 'maxPool'), p.maxPool, poolSize, options), ['strides', 'padding', 'dataFormat']);
/**
 * The mean of each window of `poolSize` (one number, or one for each of one to three spatial axes), for each sample and channel. With
 * padding `'same'` it is that of the elements that there are. Integers become `floatx`.
 *
 * @throws a RangeError when no window fits, or when sizes are not integers of at least 1.
 */
export const averagePool = publicOp(
  'averagePool',
  (inputs: TensorLike, poolSize: number | readonly number[], options: PoolOptions = {}): Tensor =>
    stridedPool('averagePool', toFloat('averagePool', inputs), p.averagePool, poolSize, options),
  ['strides', 'padding', 'dataFormat'],
);

/**
 * The largest elements of as many windows as `outputSize` says (one number, or one for each of one to three spatial axes): of n elements,
 * window i of m is that from `floor(i * n / m)` up to before `ceil((i + 1) * n / m)`. Keeps the dtype.
 */
export const adaptiveMaxPool = publicOp(
  'adaptiveMaxPool',
  (inputs: TensorLike, outputSize: number | readonly number[], options: AdaptivePoolOptions = {}): Tensor =>
    adaptivePool('adaptiveMaxPool', toTensor(inputs, null, 'adaptiveMaxPool'), p.maxPool, outputSize, options),
  ['dataFormat'],
);
/** The means of as many windows as `outputSize` says, which lie as those of `adaptiveMaxPool`. Integers become `floatx`. */
export const adaptiveAveragePool = publicOp(
  'adaptiveAveragePool',
  (inputs: TensorLike, outputSize: number | readonly number[], options: AdaptivePoolOptions = {}): Tensor =>
    adaptivePool('adaptiveAveragePool', toFloat('adaptiveAveragePool', inputs), p.averagePool, outputSize, options),
  ['dataFormat'],
);
