// `keras.applications.mobilenetV2`.
import type { KerasTensor } from '../symbolic/keras-tensor.js';
import * as layers from '../layers/index.js';
import { application, type ApplicationOptions, inputShapeOf, inputSymbol, networkEnd, networkOf, NO_NAMES } from './application.js';
import { areaOf, channelsOf, lastAxis, multipleOf8, padding, through } from './blocks.js';
import { preprocessAs } from './imagenet.js';
import { checkAlpha, checkSameSizes, float, trainedSize, warnOfSize } from './mobile.js';
import { APPLICATIONS, weightsFile } from './model-files.js';

export { decodePredictions } from './imagenet.js';

/** Options of `MobileNetV2`. */
export interface MobileNetV2Options extends ApplicationOptions {
  /** Width of the network: the numbers of filters are multiplied by it. Default 1. */
  alpha?: number | undefined;
}

const WHERE = 'MobileNetV2';
/** Sizes of images that trained weights are for. */
const TRAINED_SIZES = [96, 128, 160, 192, 224];
const TRAINED_WIDTHS = [0.35, 0.5, 0.75, 1, 1.3, 1.4];

const normalization = (name: string) => new layers.BatchNormalization({ axis: lastAxis(), epsilon: 1e-3, momentum: 0.999, name });
const pointwise = (filters: number, name: string) => new layers.Conv2D(filters, 1, { padding: 'same', useBias: false, name });
const relu6 = (name: string) => new layers.ReLU({ maxValue: 6, name });

/**
 * Expansion by 1×1 windows, a convolution of each channel, and projection by 1×1 windows; the input is added where it has the shape of
 * the output.
 */
function block(
  x: KerasTensor,
  id: number,
  { filters, stride, expansion }: { filters: number; stride: number; expansion: number },
): KerasTensor {
  const prefix = id === 0 ? 'expanded_conv_' : `block_${id}_`;
  const channels = channelsOf(x);
  const expand = [pointwise(expansion * channels, `${prefix}expand`), normalization(`${prefix}expand_BN`), relu6(`${prefix}expand_relu`)];
  let y = id === 0 ? x : through(x, ...expand);
  if (stride === 2) y = new layers.ZeroPadding2D(padding(y, 3), { name: `${prefix}pad` })(y);
  y = through(
    y,
    new layers.DepthwiseConv2D(3, {
      strides: stride,
      useBias: false,
      padding: stride === 1 ? 'same' : 'valid',
      name: `${prefix}depthwise`,
    }),
    normalization(`${prefix}depthwise_BN`),
    relu6(`${prefix}depthwise_relu`),
    pointwise(filters, `${prefix}project`),
    normalization(`${prefix}project_BN`),
  );
  return channels === filters && stride === 1 ? new layers.Add({ name: `${prefix}add` })([x, y]) : y;
}

/** Sandler et al., 2018, table 2: blocks with this many filters, how many of them, and the stride of the first. */
const STACKS = [[16, 1, 1], [24, 2, 2], [32, 3, 2], [64, 4, 2], [96, 3, 1], [160, 3, 2], [320, 1, 1]] as const;

/**
 * MobileNetV2 (Sandler et al., 2018), a small network. Images of `(224, 224, 3)`, or others from 32 rows and columns on, become
 * probabilities of 1000 classes.
 *
 * ```ts
 * const model = keras.applications.MobileNetV2({ weights: null, inputShape: [96, 96, 3], alpha: 0.35, classes: 10 });
 * ```
 * @throws for images that are too small, and with `includeTop` for sizes that are not known; rejects when trained weights can neither be
 * found nor fetched.
 */
export const MobileNetV2 = application<{ alpha?: number | undefined }>(WHERE, {
  name: null,
  defaults: { alpha: 1 },
  trained: ({ includeTop, alpha, inputShape, inputTensor }) => {
    const kind = `${float(alpha)}_${trainedSize(inputShape, inputTensor, TRAINED_SIZES)}`;
    const stem = `mobilenet_v2_weights_tf_dim_ordering_tf_kernels_${kind}`;
    return weightsFile(`${APPLICATIONS}/mobilenet_v2/${stem}`, '_no_top', [null, null])({ includeTop });
  },
  build(options) {
    const { alpha, weights, inputShape, inputTensor } = options;
    checkAlpha(WHERE, options, TRAINED_WIDTHS);
    checkSameSizes(WHERE, options);
    const shape = inputShapeOf(WHERE, options, { usual: trainedSize(inputShape, inputTensor, TRAINED_SIZES), least: 32 });
    const input = inputSymbol(WHERE, options, shape);
    let x = through(
      input,
      new layers.Conv2D(multipleOf8(32 * alpha), 3, { strides: [2, 2], padding: 'same', useBias: false, name: 'Conv1' }),
      normalization('bn_Conv1'),
      relu6('Conv1_relu'),
    );
    let id = 0;
    for (const [filters, count, stride] of STACKS) {
      for (let i = 0; i < count; i++, id++) {
        x = block(x, id, { filters: multipleOf8(Math.trunc(filters * alpha)), stride: i === 0 ? stride : 1, expansion: id === 0 ? 1 : 6 });
      }
    }
    // The last convolution gets wider with alpha, but never narrower.
    const last = alpha > 1 ? multipleOf8(1280 * alpha) : 1280;
    x = through(x, new layers.Conv2D(last, 1, { useBias: false, name: 'Conv_1' }), normalization('Conv_1_bn'), relu6('out_relu'));
    const rows = weights === 'imagenet' ? warnOfSize(WHERE, shape, TRAINED_SIZES) : areaOf(shape)[0];
    const name = options.name ?? `mobilenetv2_${alpha.toFixed(2)}_${rows ?? 'None'}`;
    return networkOf(input, { ...options, name }, networkEnd(x, options, NO_NAMES));
  },
});
/** Images of numbers from 0 to 255 as this network takes them: from -1 to 1. */
export const preprocessInput = preprocessAs('tf');
