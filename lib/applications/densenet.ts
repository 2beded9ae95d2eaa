// `keras.applications.densenet`.
import type { KerasTensor } from '../symbolic/keras-tensor.js';
import * as layers from '../layers/index.js';
import { type Application, application, checkChannelsLast, networkEnd, networkInput, networkOf, POOL_NAMES } from './application.js';
import { channelAxis, channelsOf, through } from './blocks.js';
import { preprocessAs } from './imagenet.js';
import { type Hashes, kernelsFile } from './model-files.js';

export { decodePredictions } from './imagenet.js';

const normalization = (name: string) => new layers.BatchNormalization({ axis: channelAxis(), epsilon: 1.001e-5, name });
const relu = (name: string) => new layers.Activation('relu', { name });
const convolution = (filters: number, size: number, name: string, options: layers.ConvLayerOptions = {}) =>
  new layers.Conv2D(filters, size, { useBias: false, name, ...options });

/** The new channels of each block. */
const GROWTH = 32;
/** Two convolutions whose channels stand beside those of the input. */
function block(x: KerasTensor, name: string): KerasTensor {
  const y = through(
    x,
    normalization(`${name}_0_bn`),
    relu(`${name}_0_relu`),
    convolution(4 * GROWTH, 1, `${name}_1_conv`),
    normalization(`${name}_1_bn`),
    relu(`${name}_1_relu`),
    convolution(GROWTH, 3, `${name}_2_conv`, { padding: 'same' }),
  );
  return new layers.Concatenate({ axis: channelAxis(), name: `${name}_concat` })([x, y]);
}
/** Half the channels, of half the rows and columns. */
const transition = (x: KerasTensor, name: string): KerasTensor =>
  through(
    x,
    normalization(`${name}_bn`),
    relu(`${name}_relu`),
    convolution(Math.floor(channelsOf(x) / 2), 1, `${name}_conv`),
    new layers.AveragePooling2D(2, { strides: 2, name: `${name}_pool` }),
  );

/** A network of four stacks with these numbers of blocks. */
function denseNet(where: string, counts: readonly number[], hashes: Hashes): Application {
  const name = where.toLowerCase();
  return application(where, {
    name,
    trained: kernelsFile('densenet', name, hashes),
    build(options) {
      checkChannelsLast(where);
      const input = networkInput(where, options, { usual: 224, least: 32 });
      let x = through(
        input,
        new layers.ZeroPadding2D([[3, 3], [3, 3]]),
        convolution(64, 7, 'conv1_conv', { strides: 2 }),
        normalization('conv1_bn'),
        relu('conv1_relu'),
        new layers.ZeroPadding2D([[1, 1], [1, 1]]),
        new layers.MaxPooling2D(3, { strides: 2, name: 'pool1' }),
      );
      counts.forEach((count, i) => {
        if (i > 0) x = transition(x, `pool${i + 1}`);
        for (let number = 1; number <= count; number++) x = block(x, `conv${i + 2}_block${number}`);
      });
      return networkOf(input, options, networkEnd(through(x, normalization('bn'), relu('relu')), options, POOL_NAMES));
    },
  });
}

/**
 * DenseNet (Huang et al., 2017) with 121 layers that have weights. Images of `(224, 224, 3)`, or others from 32 rows and columns on, become
 * probabilities of 1000 classes.
 *
 * ```ts
 * const model = keras.applications.DenseNet121({ weights: null, classes: 10 });
 * ```
 * @throws with the channels first, for images that are too small, and with `includeTop` for sizes that are not known; rejects when trained
 * weights can neither be found nor fetched.
 */
export const DenseNet121 = denseNet('DenseNet121', [6, 12, 24, 16], [
  '9d60b8095a5708f2dcce2bca79d332c7',
  '30ee3e1110167f948a6b9946edeeb738',
]);
/** As `DenseNet121`, with 169 layers. */
export const DenseNet169 = denseNet('DenseNet169', [6, 12, 32, 32], [
  'd699b8f76981ab1b30698df4c175e90b',
  'b8c4d4c20dd625c148057b9ff1c1176b',
]);
/** As `DenseNet121`, with 201 layers. */
export const DenseNet201 = denseNet('DenseNet201', [6, 12, 48, 32], [
  '1ceb130c1ea1b78c3bf6114dbdfd8807',
  'c13680b51ded0fb44dff2d8f86ac8bb1',
]);
/** Images of numbers from 0 to 255 as these networks take them: from 0 to 1, less the mean and over the deviation of ImageNet. */
export const preprocessInput = preprocessAs('torch');
