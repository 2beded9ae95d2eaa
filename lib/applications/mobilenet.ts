// `keras.applications.mobilenet`.
import { show } from '../base/errors.js';
import type { KerasTensor } from '../symbolic/keras-tensor.js';
import * as layers from '../layers/index.js';
import { application, type ApplicationOptions, inputShapeOf, inputSymbol, networkOf, pooled, type ResolvedOptions } from './application.js';
import { areaOf, lastAxis, through } from './blocks.js';
import { preprocessAs } from './imagenet.js';
import { checkAlpha, trainedSize, warnOfSize } from './mobile.js';
import { APPLICATIONS, weightsFile } from './model-files.js';

export { decodePredictions } from './imagenet.js';

interface OwnOptions {
  /** Width of the network: the numbers of filters are multiplied by it. Default 1. */
  alpha?: number | undefined;
  /** Channels that the convolutions of single channels make of each. Default 1. */
  depthMultiplier?: number | undefined;
  /** Share of the means that is dropped before the classifier while training. Default 0.001. */
  dropout?: number | undefined;
}
/** Options of `MobileNet`. */
export type MobileNetOptions = ApplicationOptions & OwnOptions;

const WHERE = 'MobileNet';
/** Sizes of images that trained weights are for. */
const TRAINED_SIZES = [128, 160, 192, 224];
/** How names of files have the widths. */
const TRAINED_WIDTHS = new Map([[0.25, '2_5'], [0.5, '5_0'], [0.75, '7_5'], [1, '1_0']]);

const normalized = (name: string): layers.Layer[] => [
  new layers.BatchNormalization({ axis: lastAxis(), name: `${name}_bn` }),
  new layers.ReLU({ maxValue: 6, name: `${name}_relu` }),
];
/** Howard et al., 2017, table 1: filters of the blocks; those of other numbers than before make the images smaller. */
const FILTERS = [64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024];

/** A convolution of each channel, then one of 1×1 windows. */
function block(x: KerasTensor, id: number, filters: number, isSmaller: boolean, depthMultiplier: number): KerasTensor {
  const y = isSmaller ? new layers.ZeroPadding2D([[0, 1], [0, 1]], { name: `conv_pad_${id}` })(x) : x;
  return through(
    y,
    new layers.DepthwiseConv2D(3, {
      padding: isSmaller ? 'valid' : 'same',
      depthMultiplier,
      strides: isSmaller ? 2 : 1,
      useBias: false,
      name: `conv_dw_${id}`,
    }),
    ...normalized(`conv_dw_${id}`),
    new layers.Conv2D(filters, 1, { padding: 'same', useBias: false, name: `conv_pw_${id}` }),
    ...normalized(`conv_pw_${id}`),
  );
}
/** The classifier: a convolution of the means. */
const classifier = (x: KerasTensor, { classes, classifierActivation, dropout }: ResolvedOptions & { dropout: number }): KerasTensor =>
  through(
    x,
    new layers.GlobalAveragePooling2D({ keepdims: true }),
    new layers.Dropout(dropout, { name: 'dropout' }),
    new layers.Conv2D(classes, 1, { padding: 'same', name: 'conv_preds' }),
    new layers.Reshape([classes], { name: 'reshape_2' }),
    new layers.Activation(classifierActivation, { name: 'predictions' }),
  );

function checkDepthMultiplier({ depthMultiplier, weights }: { depthMultiplier: number; weights: string | null }): void {
  if (!Number.isInteger(depthMultiplier) || depthMultiplier < 1)
    throw new TypeError(`${WHERE}: depthMultiplier must be an integer >= 1, received ${show(depthMultiplier)}`);
  if (weights === 'imagenet' && depthMultiplier !== 1)
    throw new RangeError(`${WHERE}: with weights 'imagenet', depthMultiplier must be 1, received ${depthMultiplier}`);
}

/**
 * MobileNet (Howard et al., 2017), a small network. Images of `(224, 224, 3)`, or others from 32 rows and columns on, become probabilities
 * of 1000 classes.
 *
 * ```ts
 * const model = keras.applications.MobileNet({ weights: null, inputShape: [128, 128, 3], alpha: 0.25, classes: 10 });
 * ```
 * @throws for images that are too small, and with `includeTop` for sizes that are not known; rejects when trained weights can neither be
 * found nor fetched.
 */
export const MobileNet = application<OwnOptions>(WHERE, {
  name: null,
  defaults: { alpha: 1, depthMultiplier: 1, dropout: 0.001 },
  trained: ({ includeTop, alpha, inputShape }) => {
    const stem = `mobilenet_${TRAINED_WIDTHS.get(alpha)}_${trainedSize(inputShape, null, TRAINED_SIZES)}_tf`;
    return weightsFile(`${APPLICATIONS}/mobilenet/${stem}`, '_no_top', [null, null])({ includeTop });
  },
  build(options) {
    const { alpha, depthMultiplier, weights } = options;
    checkAlpha(WHERE, options, [...TRAINED_WIDTHS.keys()]);
    checkDepthMultiplier(options);
    const shape = inputShapeOf(WHERE, options, { usual: trainedSize(options.inputShape, null, TRAINED_SIZES), least: 32 });
    const input = inputSymbol(WHERE, options, shape);
    const first = new layers.Conv2D(Math.trunc(32 * alpha), 3, { strides: 2, padding: 'same', useBias: false, name: 'conv1' });
    let x = through(input, first, ...normalized('conv1'));
    FILTERS.forEach((filters, i) => {
      x = block(x, i + 1, Math.trunc(filters * alpha), i > 0 && filters !== FILTERS[i - 1], depthMultiplier);
    });
    const rows = weights === 'imagenet' ? warnOfSize(WHERE, shape, TRAINED_SIZES) : areaOf(shape)[0];
    const name = options.name ?? `mobilenet_${alpha.toFixed(2)}_${rows ?? 'None'}`;
    return networkOf(input, { ...options, name }, options.includeTop ? classifier(x, options) : pooled(x, options));
  },
});
/** Images of numbers from 0 to 255 as this network takes them: from -1 to 1. */
export const preprocessInput = preprocessAs('tf');
