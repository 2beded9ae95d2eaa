// MobileNetV3, small and large.
import { show } from '../base/errors.js';
import { settings } from '../base/settings.js';
import { showShape, type SymbolicShape } from '../base/shape.js';
import type { KerasTensor } from '../symbolic/keras-tensor.js';
import * as layers from '../layers/index.js';
import * as ops from '../ops/index.js';
import {
  type Application, application, type ApplicationOptions, inputSymbol, networkOf, POOL_NAMES, pooled, type ResolvedOptions,
} from './application.js';
import { areaOf, channelsOf, lastAxis, multipleOf8, padding, through } from './blocks.js';
import { checkAlpha, checkSameSizes, float, warnOfSize } from './mobile.js';
import { APPLICATIONS, type Hashes, weightsFile } from './model-files.js';

interface OwnOptions {
  /** Width of the network: the numbers of filters are multiplied by it. Default 1. */
  alpha?: number | undefined;
  /** Whether the network is made of what all devices compute fast alone: windows of 3, ReLU, no weighing of channels. Default false. */
  minimalistic?: boolean | undefined;
  /** Share of the means that is dropped before the classifier while training. Default 0.2. */
  dropoutRate?: number | undefined;
  /** Whether the network brings pixels of 0 to 255 to -1 to 1 itself. Default true. */
  includePreprocessing?: boolean | undefined;
}
/** Options of `MobileNetV3Small` and `MobileNetV3Large`. */
export type MobileNetV3Options = ApplicationOptions & OwnOptions;

const relu = () => new layers.ReLU();
const hardSwish = () => new layers.Activation('hard_swish');
const normalization = (name: string) => new layers.BatchNormalization({ axis: lastAxis(), epsilon: 1e-3, momentum: 0.999, name });
const pointwise = (filters: number, name: string, options: layers.ConvLayerOptions = {}) =>
  new layers.Conv2D(filters, 1, { padding: 'same', name, ...options });
/** A symbol through layers and an activation that is made after them. */
const activated = (x: KerasTensor, chain: readonly layers.Layer[], activation: () => layers.Layer): KerasTensor =>
  activation()(through(x, ...chain));

/** A block: its filters, its windows where the network is not minimalistic, and whether its channels are weighed. */
type Row = readonly [filters: number, expansion: number, stride: number, window: 3 | 5, weighed: 0 | 1, activation: 'relu' | 'swish'];
/** Howard et al., 2019, tables 1 and 2. */
const LARGE: readonly Row[] = [
  [16, 1, 1, 3, 0, 'relu'],
  [24, 4, 2, 3, 0, 'relu'],
  [24, 3, 1, 3, 0, 'relu'],
  [40, 3, 2, 5, 1, 'relu'],
  [40, 3, 1, 5, 1, 'relu'],
  [40, 3, 1, 5, 1, 'relu'],
  [80, 6, 2, 3, 0, 'swish'],
  [80, 2.5, 1, 3, 0, 'swish'],
  [80, 2.3, 1, 3, 0, 'swish'],
  [80, 2.3, 1, 3, 0, 'swish'],
  [112, 6, 1, 3, 1, 'swish'],
  [112, 6, 1, 3, 1, 'swish'],
  [160, 6, 2, 5, 1, 'swish'],
  [160, 6, 1, 5, 1, 'swish'],
  [160, 6, 1, 5, 1, 'swish'],
];
const SMALL: readonly Row[] = [
  [16, 1, 2, 3, 1, 'relu'],
  [24, 72 / 16, 2, 3, 0, 'relu'],
  [24, 88 / 24, 1, 3, 0, 'relu'],
  [40, 4, 2, 5, 1, 'swish'],
  [40, 6, 1, 5, 1, 'swish'],
  [40, 6, 1, 5, 1, 'swish'],
  [48, 3, 1, 5, 1, 'swish'],
  [48, 3, 1, 5, 1, 'swish'],
  [96, 6, 2, 5, 1, 'swish'],
  [96, 6, 1, 5, 1, 'swish'],
  [96, 6, 1, 5, 1, 'swish'],
];

/** Channels weighed by what their means say. */
function weigh(x: KerasTensor, channels: number, prefix: string): KerasTensor {
  const name = `${prefix}squeeze_excite_`;
  const scores = through(
    x,
    new layers.GlobalAveragePooling2D({ keepdims: true, name: `${name}avg_pool` }),
    pointwise(multipleOf8(channels / 4), `${name}conv`),
    new layers.ReLU({ name: `${name}relu` }),
    pointwise(channels, `${name}conv_1`),
  );
  const weights = ops.multiply(new layers.ReLU({ maxValue: 6 })(ops.add(scores, 3)), 1 / 6);
  return new layers.Multiply({ name: `${name}mul` })([x, weights]);
}
/** As the blocks of MobileNetV2, some with weighed channels. */
function block(x: KerasTensor, id: number, filters: number, row: Row, minimalistic: boolean): KerasTensor {
  const [, expansion, stride, window, weighed, activation] = row;
  const size = minimalistic ? 3 : window;
  const active = minimalistic || activation === 'relu' ? relu : hardSwish;
  const prefix = id === 0 ? 'expanded_conv_' : `expanded_conv_${id}_`;
  const channels = channelsOf(x);
  const expanded = multipleOf8(channels * expansion);
  let y = x;
  if (id > 0) y = activated(y, [pointwise(expanded, `${prefix}expand`, { useBias: false }), normalization(`${prefix}expand_bn`)], active);
  if (stride === 2) y = new layers.ZeroPadding2D(padding(y, size), { name: `${prefix}depthwise_pad` })(y);
  const depthwise = new layers.DepthwiseConv2D(size, {
    strides: stride,
    padding: stride === 1 ? 'same' : 'valid',
    useBias: false,
    name: `${prefix}depthwise`,
  });
  y = activated(y, [depthwise, normalization(`${prefix}depthwise_bn`)], active);
  if (weighed === 1 && !minimalistic) y = weigh(y, expanded, prefix);
  y = through(y, pointwise(filters, `${prefix}project`, { useBias: false }), normalization(`${prefix}project_bn`));
  return stride === 1 && channels === filters ? new layers.Add({ name: `${prefix}add` })([x, y]) : y;
}

/** The classifier: convolutions of the means. */
function classifier(
  x: KerasTensor,
  { classes, classifierActivation, dropoutRate }: ResolvedOptions & { dropoutRate: number },
  width: number,
  active: () => layers.Layer,
): KerasTensor {
  const y = activated(x, [new layers.GlobalAveragePooling2D({ keepdims: true }), pointwise(width, 'conv_2')], active);
  return through(
    y,
    ...(dropoutRate > 0 ? [new layers.Dropout(dropoutRate)] : []),
    pointwise(classes, 'logits'),
    new layers.Flatten(),
    new layers.Activation(classifierActivation, { name: 'predictions' }),
  );
}

/** Shape of an image. Sizes need not be known, since convolutions alone follow the means. */
function imageShape(where: string, { inputShape, inputTensor }: ResolvedOptions): SymbolicShape {
  const isGiven = inputShape !== null && inputShape.length > 0;
  if (!isGiven && inputTensor !== null) return inputTensor.shape.slice(1);
  const shape = isGiven ? inputShape : settings.imageDataFormat === 'channels_first' ? [3, null, null] : [null, null, 3];
  if (areaOf(shape).every((size) => size !== null) && areaOf(shape).some((size) => size! < 32))
    throw new RangeError(`${where}: images must have at least 32 rows and columns, received inputShape ${showShape(shape)}`);
  return shape;
}
const flag = (where: string, option: string, value: unknown): void => {
  if (typeof value !== 'boolean') throw new TypeError(`${where}: ${option} must be true or false, received ${show(value)}`);
};

/** A network of these blocks; `width`: that of its classifier; hashes by the name of a file. */
function mobileNetV3(
  where: string,
  type: string,
  rows: readonly Row[],
  width: number,
  hashes: Readonly<Record<string, Hashes>>,
): Application<MobileNetV3Options> {
  return application<OwnOptions>(where, {
    name: where,
    defaults: { alpha: 1, minimalistic: false, dropoutRate: 0.2, includePreprocessing: true },
    trained: ({ includeTop, alpha, minimalistic }) => {
      const kind = `${type}${minimalistic ? '_minimalistic' : ''}_224_${float(alpha)}_float`;
      return weightsFile(`${APPLICATIONS}/mobilenet_v3/weights_mobilenet_v3_${kind}`, '_no_top_v2', hashes[kind]!)({ includeTop });
    },
    build(options) {
      const { alpha, minimalistic, includePreprocessing, includeTop, weights } = options;
      flag(where, 'minimalistic', minimalistic);
      flag(where, 'includePreprocessing', includePreprocessing);
      checkAlpha(where, options, minimalistic ? [1] : [0.75, 1]);
      checkSameSizes(where, options);
      const shape = imageShape(where, options);
      if (weights === 'imagenet') warnOfSize(where, shape, [224]);
      const active = minimalistic ? relu : hardSwish;
      const input = inputSymbol(where, options, shape);
      const scaled = includePreprocessing ? new layers.Rescaling(1 / 127.5, { offset: -1 })(input) : input;
      const first = new layers.Conv2D(16, 3, { strides: [2, 2], padding: 'same', useBias: false, name: 'conv' });
      let x = activated(scaled, [first, normalization('conv_bn')], active);
      rows.forEach((row, id) => {
        x = block(x, id, multipleOf8(row[0] * alpha), row, minimalistic);
      });
      const last = pointwise(multipleOf8(channelsOf(x) * 6), 'conv_1', { useBias: false });
      x = activated(x, [last, normalization('conv_1_bn')], active);
      const end = includeTop
        ? classifier(x, options, alpha > 1 ? multipleOf8(width * alpha) : width, active)
        : pooled(x, options, POOL_NAMES);
      return networkOf(input, options, end);
    },
  });
}

/**
 * The small MobileNetV3 (Howard et al., 2019). Images of 32 rows and columns and more, with numbers from 0 to 255, become probabilities of
 * 1000 classes; the sizes need not be known.
 *
 * ```ts
 * const model = keras.applications.MobileNetV3Small({ weights: null, inputShape: [96, 96, 3], classes: 10 });
 * ```
 * @throws for images that are too small; rejects when trained weights can neither be found nor fetched.
 */
export const MobileNetV3Small = mobileNetV3('MobileNetV3Small', 'small', SMALL, 1024, {
  'small_224_0.75_float': ['cb65d4e5be93758266aa0a7f2c6708b7', 'ebdb5cc8e0b497cd13a7c275d475c819'],
  'small_224_1.0_float': ['8768d4c2e7dee89b9d02b2d03d65d862', 'd3e8ec802a04aa4fc771ee12a9a9b836'],
  'small_minimalistic_224_1.0_float': ['99cd97fb2fcdad2bf028eb838de69e37', 'cde8136e733e811080d9fcd8a252f7e4'],
});
/** The large MobileNetV3; otherwise as `MobileNetV3Small`. */
export const MobileNetV3Large = mobileNetV3('MobileNetV3Large', 'large', LARGE, 1280, {
  'large_224_0.75_float': ['765b44a33ad4005b3ac83185abf1d0eb', '40af19a13ebea4e2ee0c676887f69a2e'],
  'large_224_1.0_float': ['59e551e166be033d707958cf9e29a6a7', '07fb09a5933dd0c8eaafa16978110389'],
  'large_minimalistic_224_1.0_float': ['675e7b876c45c57e9e63e6d90a36599c', 'ec5221f64a2f6d1ef965a614bdae7973'],
});
