// RandomTranslation: images moved at random.
import type { OptionsOf } from '../../../config/configurable.js';
import type { TensorLike } from '../../../core/convert.js';
import type { Shape } from '../../../base/shape.js';
import type { Tensor } from '../../../core/tensor.js';
import * as ops from '../../../ops/index.js';
import * as random from '../../../random/index.js';
import { convertFormat, type LabeledBoxes } from '../bounding-boxes/formats.js';
import { clipToImageSize } from '../bounding-boxes/geometry.js';
import { type DrawOptions, type ImageData, imageLayer, type ImageLayerOptions } from '../image-layer.js';
import { affineRows, mappedBoxes } from './affine.js';
import { fillMode, fillValue, interpolation, rangeOf, seed, strictFactor } from './fields.js';

const schema = {
  /** Shares of the height: two numbers from -1 to 1, or one for minus it to it. Positive ones move down. */
  heightFactor: strictFactor(-1, 1),
  /** Shares of the width. Positive ones move to the right. */
  widthFactor: strictFactor(-1, 1),
  /** What stands outside of the images. */
  fillMode: fillMode(),
  /** How values between pixels are found. */
  interpolation: interpolation(),
  /** Seed of the draws; null: a random one. */
  seed: seed(),
  /** The constant that stands outside of the images with `fillMode: 'constant'`. */
  fillValue: fillValue(),
} as const;

/** Options of `RandomTranslation`. */
export type RandomTranslationOptions = OptionsOf<typeof schema> & ImageLayerOptions;
/** How many pixels each image is moved to the right and down, `[batch, 2]`. */
export interface TranslationTransformation<T = Tensor> {
  translations: T;
  input_shape: Shape;
}

/**
 * While training, moves each image by shares of its height and width that are drawn between the two numbers of the factors. Masks and boxes
 * follow.
 *
 * ```ts
 * new keras.layers.RandomTranslation(0.1, 0.1, { fillMode: 'constant' });
 * ```
 */
export class RandomTranslation extends imageLayer('RandomTranslation', schema, ['heightFactor', 'widthFactor']) {
  static readonly samples = [
    { args: [0.3, [-0.2, 0.1], { seed: 1 }], inputs: [[3, 5, 4, 2]] },
    { args: [0.3, 0.3, { fillMode: 'wrap', seed: 1, dataFormat: 'channels_first' }], inputs: [[3, 2, 4, 5]] },
  ];
  /** State of the random draws. */
  readonly generator = new random.SeedGenerator(this.config.seed);
  protected override readonly castsImages = true;

  override getRandomTransformation(data: TensorLike | ImageData, options: DrawOptions = {}): TranslationTransformation | null {
    const { images, training, seed } = this.drawing(data, options);
    if (!training) return null;
    const move = (given: typeof this.config.heightFactor, size: number) => {
      const [minval, maxval] = rangeOf(given);
      return ops.multiply(random.uniform([images.count, 1], { minval, maxval, seed }), size);
    };
    const down = move(this.config.heightFactor, images.height);
    const across = move(this.config.widthFactor, images.width);
    return { translations: ops.cast(ops.concatenate([across, down], { axis: 1 }), 'float32'), input_shape: images.shape };
  }
  private moved(images: Tensor, translations: TensorLike, kind: 'nearest' | 'bilinear'): Tensor {
    const { fillMode, fillValue } = this.config;
    const [x, y] = ops.split(ops.negative(translations), 2, { axis: 1 }) as [Tensor, Tensor];
    const options = { interpolation: kind, fillMode, fillValue, dataFormat: this.dataFormat };
    return ops.image.affineTransform(images, affineRows(1, 0, x, 0, 1, y), options);
  }
  protected override applyToImages(images: Tensor, { translations }: TranslationTransformation<TensorLike>): Tensor {
    return this.moved(images, translations, this.config.interpolation);
  }
  protected override applyToMasks(masks: Tensor, { translations }: TranslationTransformation<TensorLike>): Tensor {
    return this.moved(masks, translations, 'nearest');
  }
  protected override applyToBoxes(
    boundingBoxes: LabeledBoxes<Tensor>,
    { translations, input_shape: shape }: TranslationTransformation<TensorLike>,
  ): LabeledBoxes<Tensor> {
    const { height, width } = this.sizesOf(shape);
    const given = convertFormat(boundingBoxes, this.boundingBoxFormat!, 'xyxy', { height, width });
    const [x, y] = ops.split(ops.expandDims(ops.cast(translations, 'float32'), 1), 2, { axis: -1 }) as [Tensor, Tensor];
    const boxes = mappedBoxes(given.boxes, (at) => ops.add(at, x), (at) => ops.add(at, y));
    return convertFormat(clipToImageSize({ ...given, boxes }, { height, width }), 'xyxy', this.boundingBoxFormat!, { height, width });
  }
}
