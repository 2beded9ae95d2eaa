// `keras.applications.convnext`.
import { show } from '../base/errors.js';
import type { KerasTensor } from '../symbolic/keras-tensor.js';
import * as layers from '../layers/index.js';
import { Sequential } from '../models/index.js';
import * as ops from '../ops/index.js';
import {
  type Application,
  application,
  type ApplicationOptions,
  checkChannelsLast,
  inputShapeOf,
  inputSymbol,
  networkOf,
  pooled,
  type ResolvedOptions,
} from './application.js';
import { through } from './blocks.js';
import { LayerScale } from './convnext-layers.js';
import { preprocessAs } from './imagenet.js';
import { APPLICATIONS, type Hashes, weightsFile } from './model-files.js';

export { decodePredictions } from './imagenet.js';

interface OwnOptions {
  /** Whether the network scales pixels of 0 to 255 of coloured images itself. Default true. */
  includePreprocessing?: boolean | undefined;
}
/** Options of the ConvNeXt networks. */
export type ConvNeXtOptions = ApplicationOptions & OwnOptions;

const normalization = (name: string | null = null) => new layers.LayerNormalization({ epsilon: 1e-6, name });
const means = [0.485, 0.456, 0.406].map((mean) => mean * 255);
const variances = [0.229, 0.224, 0.225].map((deviation) => (deviation * 255) ** 2);

/** Liu et al., 2022, figure 4: a convolution of each channel, then two layers on the channels of each pixel, added to the input. */
function block(x: KerasTensor, filters: number, name: string): KerasTensor {
  const y = through(
    x,
    new layers.Conv2D(filters, 7, { padding: 'same', groups: filters, name: `${name}_depthwise_conv` }),
    normalization(`${name}_layernorm`),
    new layers.Dense(4 * filters, { name: `${name}_pointwise_conv_1` }),
    new layers.Activation('gelu', { name: `${name}_gelu` }),
    new layers.Dense(filters, { name: `${name}_pointwise_conv_2` }),
    new LayerScale(1e-6, filters, { name: `${name}_layer_scale` }),
    new layers.Activation('linear', { name: `${name}_identity` }),
  );
  return ops.add(x, y);
}
/** The convolution before a stage, which makes the images smaller. */
function downsampling(name: string, filters: number, stage: number): Sequential {
  if (stage === 0) {
    const convolution = new layers.Conv2D(filters, 4, { strides: 4, name: `${name}_stem_conv` });
    return new Sequential([convolution, normalization(`${name}_stem_layernorm`)], { name: `${name}_stem` });
  }
  const convolution = new layers.Conv2D(filters, 2, { strides: 2, name: `${name}_downsampling_conv_${stage - 1}` });
  const parts = [normalization(`${name}_downsampling_layernorm_${stage - 1}`), convolution];
  return new Sequential(parts, { name: `${name}_downsampling_block_${stage - 1}` });
}
function end(x: KerasTensor, name: string, options: ResolvedOptions): KerasTensor {
  if (!options.includeTop) return normalization()(pooled(x, options));
  return through(
    x,
    new layers.GlobalAveragePooling2D({ name: `${name}_head_gap` }),
    normalization(`${name}_head_layernorm`),
    new layers.Dense(options.classes, { activation: options.classifierActivation, name: `${name}_head_dense` }),
  );
}

/** A network of four stages with these numbers of blocks and filters. */
function convNeXt(where: string, counts: readonly number[], filters: number, hashes: Hashes): Application<ConvNeXtOptions> {
  const usualName = `convnext_${where.slice('ConvNeXt'.length).toLowerCase()}`;
  return application<OwnOptions>(where, {
    name: usualName,
    defaults: { includePreprocessing: true },
    trained: weightsFile(`${APPLICATIONS}/convnext/${usualName}`, '_notop', hashes),
    build(options) {
      checkChannelsLast(where);
      const { includePreprocessing, name } = options;
      if (typeof includePreprocessing !== 'boolean')
        throw new TypeError(`${where}: includePreprocessing must be true or false, received ${show(includePreprocessing)}`);
      const shape = inputShapeOf(where, options, { usual: 224, least: 32 });
      const input = inputSymbol(where, options, shape);
      const scaling = { mean: means, variance: variances, name: `${name}_prestem_normalization` };
      let x = includePreprocessing && shape[2] === 3 ? new layers.Normalization(scaling)(input) : input;
      const smaller = counts.map((_, stage) => downsampling(name!, filters * 2 ** stage, stage));
      counts.forEach((count, stage) => {
        x = smaller[stage]!(x);
        for (let i = 0; i < count; i++) x = block(x, filters * 2 ** stage, `${name}_stage_${stage}_block_${i}`);
      });
      return networkOf(input, options, end(x, name!, options), true);
    },
  });
}

/**
 * ConvNeXt (Liu et al., 2022), the smallest of five. Images of `(224, 224, 3)`, or others from 32 rows and columns on, with numbers from 0
 * to 255, become probabilities of 1000 classes.
 *
 * ```ts
 * const model = keras.applications.ConvNeXtTiny({ weights: null, includeTop: false, pooling: 'avg' });
 * ```
 * @throws with the channels first, for images that are too small, and with `includeTop` for sizes that are not known; rejects when trained
 * weights can neither be found nor fetched.
 */
export const ConvNeXtTiny = convNeXt('ConvNeXtTiny', [3, 3, 9, 3], 96, [
  '8ae6e78ce2933352b1ef4008e6dd2f17bc40771563877d156bc6426c7cf503ff',
  'd547c096cabd03329d7be5562c5e14798aa39ed24b474157cef5e85ab9e49ef1',
]);
/** As `ConvNeXtTiny`, deeper. */
export const ConvNeXtSmall = convNeXt('ConvNeXtSmall', [3, 3, 27, 3], 96, [
  'ce1277d8f1ee5a0ef0e171469089c18f5233860ceaf9b168049cb9263fd7483c',
  '6fc8009faa2f00c1c1dfce59feea9b0745eb260a7dd11bee65c8e20843da6eab',
]);
/** As `ConvNeXtSmall`, wider. */
export const ConvNeXtBase = convNeXt('ConvNeXtBase', [3, 3, 27, 3], 128, [
  '52cbb006d3dadd03f6e095a8ca1aca47aecdd75acb4bc74bce1f5c695d0086e6',
  '40a20c5548a5e9202f69735ecc06c990e6b7c9d2de39f0361e27baeb24cb7c45',
]);
/** As `ConvNeXtBase`, wider. */
export const ConvNeXtLarge = convNeXt('ConvNeXtLarge', [3, 3, 27, 3], 192, [
  '070c5ed9ed289581e477741d3b34beffa920db8cf590899d6d2c67fba2a198a6',
  '96f02b6f0753d4f543261bc9d09bed650f24dd6bc02ddde3066135b63d23a1cd',
]);
/** As `ConvNeXtLarge`, wider. */
export const ConvNeXtXLarge = convNeXt('ConvNeXtXLarge', [3, 3, 27, 3], 256, [
  'c1f5ccab661354fc3a79a10fa99af82f0fbf10ec65cb894a3ae0815f17a889ee',
  'de3f8a54174130e0cecdc71583354753d557fcf1f4487331558e2a16ba0cfe05',
]);
/** Images of numbers from 0 to 255 as these networks take them: as they are. With `includePreprocessing` the network scales them. */
export const preprocessInput = preprocessAs(null);
