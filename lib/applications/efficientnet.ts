// `keras.applications.efficientnet`.
import type { KerasTensor } from '../symbolic/keras-tensor.js';
import * as layers from '../layers/index.js';
import { type Application, application, networkInput, networkOf } from './application.js';
import { channelAxis, channelsOf, multipleOf8, padding, through } from './blocks.js';
import { end, kit, letter, sum, weighed } from './efficient.js';
import { preprocessAs } from './imagenet.js';
import { type Hashes, weightsFile } from './model-files.js';

export { decodePredictions } from './imagenet.js';

const KIT = kit(0.99);
const { convolution, depthwise, normalization, activation } = KIT;
/** Share of the samples that the last block leaves out while training; from block to block it grows from 0. */
const DROP = 0.2;

interface Block {
  readonly filters: number;
  readonly window: number;
  readonly expansion: number;
  readonly stride: number;
  readonly drop: number;
  readonly name: string;
}
/** Expansion by 1×1 windows, a convolution of each channel, channels weighed, projection by 1×1 windows. */
function block(x: KerasTensor, { filters, window, expansion, stride, drop, name }: Block): KerasTensor {
  const channels = channelsOf(x);
  const expand = [
    convolution(channels * expansion, 1, `${name}expand_conv`),
    normalization(`${name}expand_bn`),
    activation(`${name}expand_activation`),
  ];
  let y = expansion === 1 ? x : through(x, ...expand);
  if (stride === 2) y = new layers.ZeroPadding2D(padding(y, window), { name: `${name}dwconv_pad` })(y);
  y = through(
    y,
    depthwise(window, `${name}dwconv`, { strides: stride, padding: stride === 2 ? 'valid' : 'same' }),
    normalization(`${name}bn`),
    activation(`${name}activation`),
  );
  y = weighed(y, Math.max(1, Math.floor(channels / 4)), name);
  y = through(y, convolution(filters, 1, `${name}project_conv`), normalization(`${name}project_bn`));
  return stride === 1 && channels === filters ? sum(x, y, drop, name) : y;
}

/** Tan and Le, 2019, table 1: filters, how many blocks, the windows, the expansion, and the stride of the first. */
const STACKS = [
  [16, 1, 3, 1, 1],
  [24, 2, 3, 6, 2],
  [40, 2, 5, 6, 2],
  [80, 3, 3, 6, 2],
  [112, 3, 5, 6, 1],
  [192, 4, 5, 6, 2],
  [320, 1, 3, 6, 1],
] as const;
/** Factors of the pixels when the weights are trained ones: Keras's, which are not over the deviation but over its root. */
const TRAINED_SCALE = [0.229, 0.224, 0.225].map((deviation) => 1 / Math.sqrt(deviation));

function scaled(input: KerasTensor, isTrained: boolean): KerasTensor {
  const x = through(input, new layers.Rescaling(1 / 255), new layers.Normalization({ axis: channelAxis() }));
  return isTrained ? new layers.Rescaling(TRAINED_SCALE)(x) : x;
}

/** A network whose filters and blocks are those of the table times `width` and `depth`. */
function efficientNet(
  where: string, [width, depth, usual, dropout]: readonly [number, number, number, number], hashes: Hashes,
): Application {
  const name = where.toLowerCase();
  const filtersOf = (filters: number): number => multipleOf8(filters * width);
  const stacks = STACKS.map(([filters, count, ...rest]) => [filtersOf(filters), Math.ceil(depth * count), ...rest] as const);
  const blocks = stacks.reduce((total, [, count]) => total + count, 0);
  return application(where, {
    name,
    trained: weightsFile(`https://storage.googleapis.com/keras-applications/${name}`, '_notop', hashes),
    build(options) {
      const input = networkInput(where, options, { usual, least: 32 });
      let x = scaled(input, options.weights === 'imagenet');
      x = through(
        x,
        new layers.ZeroPadding2D(padding(x, 3), { name: 'stem_conv_pad' }),
        convolution(filtersOf(32), 3, 'stem_conv', { strides: 2, padding: 'valid' }),
        normalization('stem_bn'),
        activation('stem_activation'),
      );
      let done = 0;
      stacks.forEach(([filters, count, window, expansion, stride], stack) => {
        for (let i = 0; i < count; i++, done++) {
          const drop = (DROP * done) / blocks;
          x = block(x, { filters, window, expansion, stride: i === 0 ? stride : 1, drop, name: `block${stack + 1}${letter(i)}_` });
        }
      });
      return networkOf(input, options, end(x, KIT, { filters: filtersOf(1280), dropout }, options));
    },
  });
}

/**
 * EfficientNet (Tan and Le, 2019), the smallest of eight. Images of `(224, 224, 3)`, or others from 32 rows and columns on, with numbers
 * from 0 to 255, become probabilities of 1000 classes.
 *
 * ```ts
 * const model = keras.applications.EfficientNetB0({ weights: null, includeTop: false, pooling: 'avg' });
 * ```
 * @throws for images that are too small, and with `includeTop` for sizes that are not known; rejects when trained weights can neither be
 * found nor fetched.
 */
export const EfficientNetB0 = efficientNet('EfficientNetB0', [1, 1, 224, 0.2], [
  '902e53a9f72be733fc0bcb005b3ebbac',
  '50bc09e76180e00e4465e1a485ddc09d',
]);
/** As `EfficientNetB0`, deeper, for images of 240 rows. */
export const EfficientNetB1 = efficientNet('EfficientNetB1', [1, 1.1, 240, 0.2], [
  '1d254153d4ab51201f1646940f018540',
  '74c4e6b3e1f6a1eea24c589628592432',
]);
/** As `EfficientNetB0`, deeper and wider, for images of 260 rows. */
export const EfficientNetB2 = efficientNet('EfficientNetB2', [1.1, 1.2, 260, 0.3], [
  'b15cce36ff4dcbd00b6dd88e7857a6ad',
  '111f8e2ac8aa800a7a99e3239f7bfb39',
]);
/** As `EfficientNetB0`, deeper and wider, for images of 300 rows. */
export const EfficientNetB3 = efficientNet('EfficientNetB3', [1.2, 1.4, 300, 0.3], [
  'ffd1fdc53d0ce67064dc6a9c7960ede0',
  'af6d107764bb5b1abb91932881670226',
]);
/** As `EfficientNetB0`, deeper and wider, for images of 380 rows. */
export const EfficientNetB4 = efficientNet('EfficientNetB4', [1.4, 1.8, 380, 0.4], [
  '18c95ad55216b8f92d7e70b3a046e2fc',
  'ebc24e6d6c33eaebbd558eafbeedf1ba',
]);
/** As `EfficientNetB0`, deeper and wider, for images of 456 rows. */
export const EfficientNetB5 = efficientNet('EfficientNetB5', [1.6, 2.2, 456, 0.4], [
  'ace28f2a6363774853a83a0b21b9421a',
  '38879255a25d3c92d5e44e04ae6cec6f',
]);
/** As `EfficientNetB0`, deeper and wider, for images of 528 rows. */
export const EfficientNetB6 = efficientNet('EfficientNetB6', [1.8, 2.6, 528, 0.5], [
  '165f6e37dce68623721b423839de8be5',
  '9ecce42647a20130c1f39a5d4cb75743',
]);
/** As `EfficientNetB0`, deeper and wider, for images of 600 rows. */
export const EfficientNetB7 = efficientNet('EfficientNetB7', [2, 3.1, 600, 0.5], [
  '8c03f828fec3ef71311cd463b6759d99',
  'cbcfe4450ddf6f3ad90b1b398090fe4a',
]);
/** Images of numbers from 0 to 255 as these networks take them: as they are. The network scales them. */
export const preprocessInput = preprocessAs(null);
