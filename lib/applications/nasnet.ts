// `keras.applications.nasnet`.
import { withScope } from '../core/scope.js';
import type { KerasTensor } from '../symbolic/keras-tensor.js';
import * as layers from '../layers/index.js';
import { type Application, application, checkChannelsLast, networkEnd, networkInput, networkOf, NO_NAMES } from './application.js';
import { channelsOf, lastAxis, padding, through } from './blocks.js';
import { preprocessAs } from './imagenet.js';
import { APPLICATIONS, type Hashes, weightsFile } from './model-files.js';

export { decodePredictions } from './imagenet.js';

/** Calls a function with these names in the paths of what it makes. */
const withScopes = <T>([outer, inner]: readonly [string, string], make: () => T): T => withScope(outer, () => withScope(inner, make));
const normalization = (name: string) => new layers.BatchNormalization({ axis: lastAxis(), momentum: 0.9997, epsilon: 1e-3, name });
const relu = () => new layers.Activation('relu');
const pointwise = (filters: number, name: string) =>
  new layers.Conv2D(filters, 1, { padding: 'same', useBias: false, kernelInitializer: 'he_normal', name });
const joined = (parts: readonly KerasTensor[], name: string | null = null) => new layers.Concatenate({ axis: lastAxis(), name })(parts);
/** Means of windows of 3. */
const averages = (name: string) => new layers.AveragePooling2D(3, { strides: 1, padding: 'same', name });

/** Two separable convolutions, of which the first may make the images smaller. */
function separable(x: KerasTensor, filters: number, window: number, name: string, stride = 1): KerasTensor {
  let y: KerasTensor = relu()(x);
  if (stride === 2) y = new layers.ZeroPadding2D(padding(y, window), { name: `separable_conv_1_pad_${name}` })(y);
  const first = new layers.SeparableConv2D(filters, window, {
    strides: stride,
    padding: stride === 2 ? 'valid' : 'same',
    useBias: false,
    name: `separable_conv_1_${name}`,
  });
  y = relu()(through(y, first, normalization(`separable_conv_1_bn_${name}`)));
  return through(
    y,
    new layers.SeparableConv2D(filters, window, { padding: 'same', useBias: false, name: `separable_conv_2_${name}` }),
    normalization(`separable_conv_2_bn_${name}`),
  );
}

/** The output of the block before the last, with as many rows and columns as that of the last. */
function thinned(before: KerasTensor, filters: number, id: string): KerasTensor {
  const active = new layers.Activation('relu', { name: `adjust_relu_1_${id}` })(before);
  const half = (y: KerasTensor, i: number): KerasTensor =>
    through(
      y,
      new layers.AveragePooling2D(1, { strides: 2, name: `adjust_avg_pool_${i}_${id}` }),
      pointwise(Math.floor(filters / 2), `adjust_conv_${i}_${id}`),
    );
  const first = half(active, 1);
  const shifted = through(active, new layers.ZeroPadding2D([[0, 1], [0, 1]]), new layers.Cropping2D([[1, 0], [1, 0]]));
  return normalization(`adjust_bn_${id}`)(joined([first, half(shifted, 2)]));
}
/** The same with as many channels too. */
function adjusted(before: KerasTensor | null, x: KerasTensor, filters: number, id: string): KerasTensor {
  if (before === null) return x;
  if (before.shape[2] !== x.shape[2])
    return withScopes(['adjust_block', `adjust_reduction_block_${id}`], () => thinned(before, filters, id));
  if (channelsOf(before) === filters) return before;
  return withScopes(['adjust_block', `adjust_projection_block_${id}`], () =>
    through(before, relu(), pointwise(filters, `adjust_conv_projection_${id}`), normalization(`adjust_bn_${id}`)),
  );
}

/** A cell of the outputs of the last block and the one before. */
type Cell = (x: KerasTensor, before: KerasTensor | null, filters: number, id: string) => KerasTensor;
/** Both inputs of a cell, adjusted, and what makes its parts: their names begin with its `kind`. */
function cellParts(kind: 'normal' | 'reduction', x: KerasTensor, before: KerasTensor | null, filters: number, id: string) {
  const p = adjusted(before, x, filters, id);
  const h = through(x, relu(), pointwise(filters, `${kind}_conv_1_${id}`), normalization(`${kind}_bn_1_${id}`));
  const named = (name: string): string => `${kind}_${name}_${id}`;
  /** Separable convolutions in the block of a number, whose name has it too. */
  const convolutions = (y: KerasTensor, window: number, side: string, block: number, number = block): KerasTensor => {
    const name = named(`${side}${number}`);
    const stride = kind === 'reduction' && number === block ? 2 : 1;
    return withScopes([`block_${block}`, `separable_conv_block_${name}`], () => separable(y, filters, window, name, stride));
  };
  const add = (parts: readonly KerasTensor[], name: string): KerasTensor => layers.add(parts, { name: named(name) });
  return { p, h, named, convolutions, add };
}
/** Zoph et al., 2018, figure 4. */
const normalCell: Cell = (x, before, filters, id) => {
  const { p, h, named, convolutions, add } = cellParts('normal', x, before, filters, id);
  const parts = [
    p,
    add([convolutions(h, 5, 'left', 1), convolutions(p, 3, 'right', 1)], 'add_1'),
    add([convolutions(p, 5, 'left', 2), convolutions(p, 3, 'right', 2)], 'add_2'),
    add([averages(named('left3'))(h), p], 'add_3'),
    add([averages(named('left4'))(p), averages(named('right4'))(p)], 'add_4'),
    add([convolutions(h, 3, 'left', 5), h], 'add_5'),
  ];
  return joined(parts, named('concat'));
};
/** Its output has half the rows and columns. */
const reductionCell: Cell = (x, before, filters, id) => {
  const { p, h, named, convolutions, add } = cellParts('reduction', x, before, filters, id);
  const padded = new layers.ZeroPadding2D(padding(h, 3), { name: named('pad_1') })(h);
  const maxima = (name: string) => new layers.MaxPooling2D(3, { strides: 2, name: named(name) })(padded);
  const x1 = add([convolutions(h, 5, 'left', 1), convolutions(p, 7, 'right', 1)], 'add_1');
  const x2 = add([maxima('left2'), convolutions(p, 7, 'right', 2)], 'add_2');
  const means = new layers.AveragePooling2D(3, { strides: 2, name: named('left3') })(padded);
  const x3 = add([means, convolutions(p, 5, 'right', 3)], 'add3');
  const x4 = layers.add([x2, averages(named('left4'))(x1)]);
  // Keras names the convolutions of the fifth block as if they were those of the fourth.
  const x5 = add([convolutions(x1, 3, 'left', 5, 4), maxima('right5')], 'add4');
  return joined([x2, x3, x4, x5], named('concat'));
};

/** What distinguishes the two networks. */
interface Size {
  /** Rows and columns of images. */
  readonly usual: number;
  /** Whether they default to it without the classifier too. */
  readonly isFixed: boolean;
  readonly penultimateFilters: number;
  /** Normal cells between reductions. */
  readonly cells: number;
  readonly stemFilters: number;
  /** Whether the cell after a reduction takes what came before the block in front of it, as its second input. */
  readonly skipReduction: boolean;
}
/** `cached`: the name of the files in the cache; `file`: at Keras. */
function nasNet(where: string, size: Size, [cached, file]: readonly [string, string], hashes: Hashes): Application {
  const { usual, isFixed, penultimateFilters, cells, stemFilters, skipReduction } = size;
  return application(where, {
    name: cached,
    trained: weightsFile(`${APPLICATIONS}/nasnet/${file}`, '-no-top', hashes, { stem: cached, ending: '_no_top' }),
    build(options) {
      checkChannelsLast(where);
      const inputShape = options.inputShape ?? (isFixed ? [usual, usual, 3] : null);
      const input = networkInput(where, { ...options, inputShape }, { usual, least: 32 });
      const filters = penultimateFilters / 24;
      const first = new layers.Conv2D(stemFilters, 3, { strides: 2, useBias: false, kernelInitializer: 'he_normal', name: 'stem_conv1' });
      let x = through(input, first, normalization('stem_bn1'));
      let before: KerasTensor | null = null;
      const add = (cell: Cell, width: number, id: string, keepsBefore = false): void => {
        const y = withScope(`${cell === normalCell ? 'normal' : 'reduction'}_A_block_${id}`, () => cell(x, before, width, id));
        if (!keepsBefore) before = x;
        x = y;
      };
      add(reductionCell, filters / 4, 'stem_1');
      add(reductionCell, filters / 2, 'stem_2');
      for (const stage of [0, 1, 2]) {
        const width = filters * 2 ** stage;
        if (stage > 0) add(reductionCell, width, `reduce_${stage * cells}`, skipReduction);
        for (let i = 0; i < cells; i++) add(normalCell, width, `${stage * cells + i + (stage > 0 ? 1 : 0)}`);
      }
      return networkOf(input, options, networkEnd(relu()(x), options, NO_NAMES));
    },
  });
}

/**
 * The large NASNet-A (Zoph et al., 2018). Images of `(331, 331, 3)`, or others from 32 rows and columns on, become probabilities of 1000
 * classes.
 *
 * ```ts
 * const model = keras.applications.NASNetLarge({ weights: null, includeTop: false, pooling: 'avg' });
 * ```
 * @throws with the channels first, for images that are too small, and with `includeTop` for sizes that are not known; rejects when trained
 * weights can neither be found nor fetched.
 */
export const NASNetLarge = nasNet(
  'NASNetLarge',
  { usual: 331, isFixed: false, penultimateFilters: 4032, cells: 6, stemFilters: 96, skipReduction: true },
  ['nasnet_large', 'NASNet-large'],
  ['11577c9a518f0070763c2b964a382f17', 'd81d89dc07e6e56530c4e77faddd61b5'],
);
/** The small NASNet-A, for images of `(224, 224, 3)`. Otherwise as `NASNetLarge`. */
export const NASNetMobile = nasNet(
  'NASNetMobile',
  { usual: 224, isFixed: true, penultimateFilters: 1056, cells: 4, stemFilters: 32, skipReduction: false },
  ['nasnet_mobile', 'NASNet-mobile'],
  ['020fb642bf7360b370c678b08e0adf61', '1ed92395b5b598bdda52abe5c0dbfd63'],
);
/** Images of numbers from 0 to 255 as these networks take them: from -1 to 1. */
export const preprocessInput = preprocessAs('tf');
