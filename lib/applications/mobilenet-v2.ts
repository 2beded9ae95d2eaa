// `keras.applications.mobilenetV2`.
import { show } from '../base/errors.js';
import type { KerasTensor } from '../symbolic/keras-tensor.js';
import { settings } from '../base/settings.js';
import { showShape, type SymbolicShape } from '../base/shape.js';
import * as layers from '../layers/index.js';
import {
  application,
  inputShapeOf,
  inputSymbol,
  networkEnd,
  networkOf,
  type ApplicationOptions,
  type ResolvedOptions,
} from './application.js';
import { preprocessAs } from './imagenet.js';

export { decodePredictions } from './imagenet.js';

/** Options of `MobileNetV2`. */
export interface MobileNetV2Options extends ApplicationOptions {
  /** Width of the network: the numbers of filters are multiplied by it. Default 1. */
  alpha?: number | undefined;
}

const WHERE = 'MobileNetV2';
/** Sizes of images that trained weights are for. */
const TRAINED_SIZES: readonly (number | null)[] = [96, 128, 160, 192, 224];
const TRAINED_WIDTHS = [0.35, 0.5, 0.75, 1, 1.3, 1.4];

/** The multiple of 8 nearest to `n`, at least 8, and not below it by more than a tenth. */
function multipleOf8(n: number): number {
  const near = Math.max(8, Math.floor(Math.trunc(n + 4) / 8) * 8);
  return near < 0.9 * n ? near + 8 : near;
}
const axis = (): 1 | -1 => (settings.imageDataFormat === 'channels_first' ? 1 : -1);
/** Rows and columns of images, or of one. */
const areaOf = (shape: SymbolicShape): SymbolicShape =>
  settings.imageDataFormat === 'channels_first' ? shape.slice(-2) : shape.slice(-3, -1);
const normalized = (x: KerasTensor, name: string): KerasTensor =>
  new layers.BatchNormalization({ axis: axis(), epsilon: 1e-3, momentum: 0.999, name })(x);
const pointwise = (x: KerasTensor, filters: number, name: string): KerasTensor =>
  new layers.Conv2D(filters, 1, { padding: 'same', useBias: false, name })(x);
const relu6 = (x: KerasTensor, name: string): KerasTensor => new layers.ReLU({ maxValue: 6, name })(x);

/** The zeros that a convolution with windows of 3 and a stride of 2 needs, so that its outputs lie in the middle. */
function padding(x: KerasTensor): [[number, number], [number, number]] {
  const [rows, columns] = areaOf(x.shape);
  const before = (size: number): number => size % 2;
  return rows === null ? [[0, 1], [0, 1]] : [[before(rows!), 1], [before(columns!), 1]];
}

/**
 * Expansion by 1×1 windows, a convolution of each channel, and projection by 1×1 windows; the input is added where it has the shape of the
 * output.
 */
function block(
  x: KerasTensor,
  id: number,
  { filters, stride, expansion }: { filters: number; stride: number; expansion: number },
): KerasTensor {
  const prefix = id === 0 ? 'expanded_conv_' : `block_${id}_`;
  const channels = x.shape.at(axis())!;
  let y = x;
  if (id > 0) y = relu6(normalized(pointwise(y, expansion * channels, `${prefix}expand`), `${prefix}expand_BN`), `${prefix}expand_relu`);
  if (stride === 2) y = new layers.ZeroPadding2D(padding(y), { name: `${prefix}pad` })(y);
  y = new layers.DepthwiseConv2D(3, {
    strides: stride,
    useBias: false,
    padding: stride === 1 ? 'same' : 'valid',
    name: `${prefix}depthwise`,
  })(y);
  y = relu6(normalized(y, `${prefix}depthwise_BN`), `${prefix}depthwise_relu`);
  y = normalized(pointwise(y, filters, `${prefix}project`), `${prefix}project_BN`);
  return channels === filters && stride === 1 ? new layers.Add({ name: `${prefix}add` })([x, y]) : y;
}

/** Sandler et al., 2018, table 2: blocks with this many filters, how many of them, and the stride of the first. */
const STACKS = [[16, 1, 1], [24, 2, 2], [32, 3, 2], [64, 4, 2], [96, 3, 1], [160, 3, 2], [320, 1, 1]] as const;

function checkAlpha({ alpha, weights }: { alpha: number; weights: string | null }): void {
  if (typeof alpha !== 'number' || !(alpha > 0)) throw new TypeError(`${WHERE}: alpha must be a number > 0, received ${show(alpha)}`);
  if (weights === 'imagenet' && !TRAINED_WIDTHS.includes(alpha))
    throw new RangeError(`${WHERE}: with weights 'imagenet', alpha must be one of ${TRAINED_WIDTHS.join(', ')}, received ${alpha}`);
}
/** Shape of an image. An input that is given tells the size too. */
function imageShape(options: ResolvedOptions): SymbolicShape {
  const { inputShape, inputTensor } = options;
  if (inputShape !== null && inputTensor !== null && inputTensor.shape[2] !== inputShape[1]) {
    throw new RangeError(
      `${WHERE}: inputTensor and inputShape must have the same sizes, received ${showShape(inputTensor.shape)} and ` +
        `${showShape(inputShape)}`,
    );
  }
  const [rows, columns] = areaOf(inputShape ?? inputTensor?.shape ?? [null, null, null]);
  return inputShapeOf(WHERE, options, { usual: rows === columns && TRAINED_SIZES.includes(rows!) ? rows! : 224, least: 32 });
}

/**
 * MobileNetV2 (Sandler et al., 2018), a small network. Images of `(224, 224, 3)`, or others from 32 rows and columns on, become
 * probabilities of 1000 classes.
 *
 * ```ts
 * const model = keras.applications.MobileNetV2({ weights: null, inputShape: [96, 96, 3], alpha: 0.35, classes: 10 });
 * ```
 * @throws for images that are too small, and with `includeTop` for sizes that are not known; rejects for trained weights, which this
 * version cannot read yet.
 */
export const MobileNetV2 = application<{ alpha?: number | undefined }>(WHERE, (options) => {
  const alpha = options.alpha;
  checkAlpha({ alpha, weights: options.weights });
  const shape = imageShape(options);
  const input = inputSymbol(WHERE, options.inputTensor, shape);
  let x: KerasTensor = new layers.Conv2D(multipleOf8(32 * alpha), 3, { strides: [2, 2], padding: 'same', useBias: false, name: 'Conv1' })(
    input,
  );
  x = relu6(normalized(x, 'bn_Conv1'), 'Conv1_relu');
  let id = 0;
  for (const [filters, count, stride] of STACKS) {
    for (let i = 0; i < count; i++, id++) {
      x = block(x, id, { filters: multipleOf8(Math.trunc(filters * alpha)), stride: i === 0 ? stride : 1, expansion: id === 0 ? 1 : 6 });
    }
  }
  // The last convolution gets wider with alpha, but never narrower.
  x = new layers.Conv2D(alpha > 1 ? multipleOf8(1280 * alpha) : 1280, 1, { useBias: false, name: 'Conv_1' })(x);
  x = relu6(normalized(x, 'Conv_1_bn'), 'out_relu');
  const end = networkEnd(x, options, { average: null, maximum: null });
  return networkOf(input, options, end, options.name ?? `mobilenetv2_${alpha.toFixed(2)}_${areaOf(shape)[0] ?? 'None'}`);
}, { alpha: 1 });
/** Images of numbers from 0 to 255 as this network takes them: from -1 to 1. */
export const preprocessInput = preprocessAs('tf');
