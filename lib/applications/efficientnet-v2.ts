// `keras.applications.efficientnetV2`.
import { show } from '../base/errors.js';
import type { KerasTensor } from '../symbolic/keras-tensor.js';
import * as initializers from '../initializers/index.js';
import * as layers from '../layers/index.js';
import { type Application, application, type ApplicationOptions, networkInput, networkOf } from './application.js';
import { channelAxis, channelsOf, nearestMultipleOf8, through } from './blocks.js';
import { end, kit, letter, sum, weighed } from './efficient.js';
import { preprocessAs } from './imagenet.js';
import { APPLICATIONS, type Hashes, weightsFile } from './model-files.js';

export { decodePredictions } from './imagenet.js';

interface OwnOptions {
  /** Whether the network scales pixels of 0 to 255 itself. Default true. */
  includePreprocessing?: boolean | undefined;
}
/** Options of the networks of the second version of EfficientNet. */
export type EfficientNetV2Options = ApplicationOptions & OwnOptions;

const KIT = kit(0.9);
const { convolution, depthwise, normalization, activation } = KIT;
/** Share of the samples that the last block leaves out while training; from block to block it grows from 0. */
const DROP = 0.2;

/** A row of the tables of blocks. Fused blocks have one convolution in the place of two, and their channels are not weighed. */
type Row = readonly [kind: 'fused' | 'weighed', count: number, filters: number, expansion: number, stride: number];
/** Tan and Le, 2021, table 4. */
const SMALL: readonly Row[] = [
  ['fused', 2, 24, 1, 1],
  ['fused', 4, 48, 4, 2],
  ['fused', 4, 64, 4, 2],
  ['weighed', 6, 128, 4, 2],
  ['weighed', 9, 160, 6, 1],
  ['weighed', 15, 256, 6, 2],
];
const MEDIUM: readonly Row[] = [
  ['fused', 3, 24, 1, 1],
  ['fused', 5, 48, 4, 2],
  ['fused', 5, 80, 4, 2],
  ['weighed', 7, 160, 4, 2],
  ['weighed', 14, 176, 6, 1],
  ['weighed', 18, 304, 6, 2],
  ['weighed', 5, 512, 6, 1],
];
const LARGE: readonly Row[] = [
  ['fused', 4, 32, 1, 1],
  ['fused', 7, 64, 4, 2],
  ['fused', 7, 96, 4, 2],
  ['weighed', 10, 192, 4, 2],
  ['weighed', 19, 224, 6, 1],
  ['weighed', 25, 384, 6, 2],
  ['weighed', 7, 640, 6, 1],
];
/** What B1 to B3 widen and deepen. */
const BASE: readonly Row[] = [
  ['fused', 1, 16, 1, 1],
  ['fused', 2, 32, 4, 2],
  ['fused', 2, 48, 4, 2],
  ['weighed', 3, 96, 4, 2],
  ['weighed', 5, 112, 6, 1],
  ['weighed', 8, 192, 6, 2],
];

interface Block {
  readonly filters: number;
  readonly expansion: number;
  readonly stride: number;
  readonly drop: number;
  readonly name: string;
}
/** Expansion by 1×1 windows, a convolution of each channel, channels weighed, projection by 1×1 windows. */
function weighedBlock(x: KerasTensor, { filters, expansion, stride, name }: Block): KerasTensor {
  const channels = channelsOf(x);
  const y = through(
    x,
    convolution(channels * expansion, 1, `${name}expand_conv`),
    normalization(`${name}expand_bn`),
    activation(`${name}expand_activation`),
    depthwise(3, `${name}dwconv2`, { strides: stride, padding: 'same' }),
    normalization(`${name}bn`),
    activation(`${name}activation`),
  );
  const project = [convolution(filters, 1, `${name}project_conv`), normalization(`${name}project_bn`)];
  return through(weighed(y, Math.max(1, Math.floor(channels / 4)), name), ...project);
}
/** Expansion by 3×3 windows and projection by 1×1 windows, or without expansion one convolution. */
function fusedBlock(x: KerasTensor, { filters, expansion, stride, name }: Block): KerasTensor {
  const projection = normalization(`${name}project_bn`);
  if (expansion === 1) {
    const single = convolution(filters, 3, `${name}project_conv`, { strides: stride });
    return through(x, single, projection, activation(`${name}project_activation`));
  }
  return through(
    x,
    convolution(channelsOf(x) * expansion, 3, `${name}expand_conv`, { strides: stride }),
    normalization(`${name}expand_bn`),
    activation(`${name}expand_activation`),
    convolution(filters, 1, `${name}project_conv`),
    projection,
  );
}
function block(x: KerasTensor, kind: Row[0], options: Block): KerasTensor {
  const y = kind === 'fused' ? fusedBlock(x, options) : weighedBlock(x, options);
  return options.stride === 1 && channelsOf(x) === options.filters ? sum(x, y, options.drop, options.name) : y;
}

/** Pixels of 0 to 255 as the network was trained with: coloured ones of the base networks less the mean and over the deviation. */
function scaled(input: KerasTensor, isBase: boolean): KerasTensor {
  if (!isBase || channelsOf(input) !== 3) return new layers.Rescaling(1 / 128, { offset: -1 })(input);
  const [mean, variance] = [[0.485, 0.456, 0.406], [0.229 ** 2, 0.224 ** 2, 0.225 ** 2]];
  return through(input, new layers.Rescaling(1 / 255), new layers.Normalization({ mean, variance, axis: channelAxis() }));
}

/** A network whose filters and blocks are those of the table times `width` and `depth`. */
function efficientNetV2(
  where: string, rows: readonly Row[], [width, depth, usual]: readonly [number, number, number], hashes: Hashes,
): Application<EfficientNetV2Options> {
  const size = where.slice('EfficientNetV2'.length).toLowerCase();
  const name = `efficientnetv2-${size}`;
  const filtersOf = (filters: number): number => nearestMultipleOf8(filters * width);
  const blocks = rows.reduce((total, [, count]) => total + count, 0); // those of the table, as in Keras
  return application<OwnOptions>(where, {
    name,
    defaults: { includePreprocessing: true },
    trained: weightsFile(`${APPLICATIONS}/efficientnet_v2/${name}`, '_notop', hashes),
    build(options) {
      const { includePreprocessing } = options;
      if (typeof includePreprocessing !== 'boolean')
        throw new TypeError(`${where}: includePreprocessing must be true or false, received ${show(includePreprocessing)}`);
      const input = networkInput(where, options, { usual, least: 32 });
      let x = through(
        includePreprocessing ? scaled(input, size.startsWith('b')) : input,
        convolution(filtersOf(rows === BASE ? 32 : rows[0]![2]), 3, 'stem_conv', { strides: 2 }),
        normalization('stem_bn'),
        activation('stem_activation'),
      );
      let done = 0;
      rows.forEach(([kind, count, filters, expansion, stride], stack) => {
        for (let i = 0; i < Math.ceil(depth * count); i++, done++) {
          const own = { drop: (DROP * done) / blocks, name: `block${stack + 1}${letter(i)}_` };
          x = block(x, kind, { filters: filtersOf(filters), expansion, stride: i === 0 ? stride : 1, ...own });
        }
      });
      const classifier = { biasInitializer: new initializers.Constant(0) };
      return networkOf(input, options, end(x, KIT, { filters: filtersOf(1280), dropout: 0.2, classifier }, options));
    },
  });
}

/**
 * The second version of EfficientNet (Tan and Le, 2021), the smallest of seven. Images of `(224, 224, 3)`, or others from 32 rows and
 * columns on, with numbers from 0 to 255, become probabilities of 1000 classes.
 *
 * ```ts
 * const model = keras.applications.EfficientNetV2B0({ weights: null, includeTop: false, pooling: 'avg' });
 * ```
 * @throws for images that are too small, and with `includeTop` for sizes that are not known; rejects when trained weights can neither be
 * found nor fetched.
 */
export const EfficientNetV2B0 = efficientNetV2('EfficientNetV2B0', BASE, [1, 1, 224], [
  '21ecbf6da12460d5c40bb2f29ceb2188',
  '893217f2bb855e2983157299931e43ff',
]);
/** As `EfficientNetV2B0`, deeper, for images of 240 rows. */
export const EfficientNetV2B1 = efficientNetV2('EfficientNetV2B1', BASE, [1, 1.1, 240], [
  '069f0534ff22adf035c89e2d9547a9dc',
  '0e80663031ca32d657f9caa404b6ec37',
]);
/** As `EfficientNetV2B0`, deeper and wider, for images of 260 rows. */
export const EfficientNetV2B2 = efficientNetV2('EfficientNetV2B2', BASE, [1.1, 1.2, 260], [
  '424e49f28180edbde1e94797771950a7',
  '1dfe2e7a5d45b6632553a8961ea609eb',
]);
/** As `EfficientNetV2B0`, deeper and wider, for images of 300 rows. */
export const EfficientNetV2B3 = efficientNetV2('EfficientNetV2B3', BASE, [1.2, 1.4, 300], [
  '1f1fc43bd98a6e4fd8fdfd551e02c7a0',
  'f6abf7b5849ac99a89b50dd3fd532856',
]);
/** As `EfficientNetV2B0`, with blocks of its own, for images of 384 rows. */
export const EfficientNetV2S = efficientNetV2('EfficientNetV2S', SMALL, [1, 1, 384], [
  'e1d88a8495beba45748fedd0cecbe016',
  'af0682fb74e8c54910f2d4393339c070',
]);
/** As `EfficientNetV2S`, larger, for images of 480 rows. */
export const EfficientNetV2M = efficientNetV2('EfficientNetV2M', MEDIUM, [1, 1, 480], [
  'a3bf6aa3276309f4fc6a34aa114c95cd',
  '1b8dc055df72dde80d614482840fe342',
]);
/** As `EfficientNetV2M`, larger. */
export const EfficientNetV2L = efficientNetV2('EfficientNetV2L', LARGE, [1, 1, 480], [
  '27e6d408b53c7ebc868fefa357689935',
  'b0b66b5c863aef5b46e8608fe1711615',
]);
/** Images of numbers from 0 to 255 as these networks take them: as they are. With `includePreprocessing` the network scales them. */
export const preprocessInput = preprocessAs(null);
