// `keras.applications.xception`.
import type { KerasTensor } from '../symbolic/keras-tensor.js';
import * as layers from '../layers/index.js';
import { application, networkEnd, networkInput, networkOf, TOP_NAME } from './application.js';
import { lastAxis, through } from './blocks.js';
import { preprocessAs } from './imagenet.js';
import { kernelsFile } from './model-files.js';

export { decodePredictions } from './imagenet.js';

const normalization = (name: string | null = null) => new layers.BatchNormalization({ axis: lastAxis(), name });
const relu = (name: string) => new layers.Activation('relu', { name: `${name}_act` });
/** Separable convolutions with the normalization after them. */
const separable = (filters: number, name: string): layers.Layer[] => [
  new layers.SeparableConv2D(filters, 3, { padding: 'same', useBias: false, name }),
  normalization(`${name}_bn`),
];

/** Chollet, 2017, figure 5: filters of the separable convolutions of blocks 2 to 13. */
const BLOCKS = [[128, 128], [256, 256], [728, 728], ...Array.from({ length: 8 }, () => [728, 728, 728]), [728, 1024]] as const;

/** Activations and separable convolutions; blocks of two make the images smaller. Block 2 begins after an activation. */
function block(x: KerasTensor, filters: readonly number[], number: number): KerasTensor {
  const name = `block${number}`;
  const isSmaller = filters.length === 2;
  const around = isSmaller
    ? through(x, new layers.Conv2D(filters[1]!, 1, { strides: 2, padding: 'same', useBias: false }), normalization())
    : x;
  const steps = filters.flatMap((n, i) => {
    const step = `${name}_sepconv${i + 1}`;
    return number === 2 && i === 0 ? separable(n, step) : [relu(step), ...separable(n, step)];
  });
  let y = through(x, ...steps);
  if (isSmaller) y = new layers.MaxPooling2D(3, { strides: 2, padding: 'same', name: `${name}_pool` })(y);
  return layers.add([y, around]);
}

/**
 * Xception (Chollet, 2017). Images of `(299, 299, 3)`, or others from 71 rows and columns on, become probabilities of 1000 classes.
 *
 * ```ts
 * const model = keras.applications.Xception({ weights: null, inputShape: [150, 150, 3], classes: 2 });
 * ```
 * @throws for images that are too small, and with `includeTop` for sizes that are not known; rejects when trained weights can neither be
 * found nor fetched.
 */
export const Xception = application('Xception', {
  name: 'xception',
  trained: kernelsFile('xception', 'xception', ['0a58e3b7378bc2990ea3b43d5981f1f6', 'b0042744bf5b25fce3cb969f33bebb97']),
  build(options) {
    const input = networkInput('Xception', options, { usual: 299, least: 71 });
    const convolution = (filters: number, name: string, strides: number) => [
      new layers.Conv2D(filters, 3, { strides, useBias: false, name }),
      normalization(`${name}_bn`),
      relu(name),
    ];
    let x = through(input, ...convolution(32, 'block1_conv1', 2), ...convolution(64, 'block1_conv2', 1));
    BLOCKS.forEach((filters, i) => {
      x = block(x, filters, i + 2);
    });
    const last = (filters: number, name: string) => [...separable(filters, name), relu(name)];
    x = through(x, ...last(1536, 'block14_sepconv1'), ...last(2048, 'block14_sepconv2'));
    return networkOf(input, options, networkEnd(x, options, TOP_NAME));
  },
});
/** Images of numbers from 0 to 255 as this network takes them: from -1 to 1. */
export const preprocessInput = preprocessAs('tf');
