// RandomFlip: images mirrored at random.
import type { OptionsOf } from '../../../config/configurable.js';
import { oneOf, withDefault } from '../../../config/fields.js';
import type { TensorLike } from '../../../core/convert.js';
import type { Shape } from '../../../base/shape.js';
import type { Tensor } from '../../../core/tensor.js';
import * as ops from '../../../ops/index.js';
import * as random from '../../../random/index.js';
import { columnsOf, convertFormat, joined, type LabeledBoxes } from '../bounding-boxes/formats.js';
import { clipToImageSize } from '../bounding-boxes/geometry.js';
import { type DrawOptions, type ImageData, imageLayer, type ImageLayerOptions } from '../image-layer.js';
import { seed } from './fields.js';

const schema = {
  /** Along which axes images are mirrored: `'horizontal'` swaps left and right. */
  mode: withDefault(oneOf('horizontal', 'vertical', 'horizontal_and_vertical'), 'horizontal_and_vertical'),
  /** Seed of the draws; null: a random one. */
  seed: seed(),
} as const;

/** Options of `RandomFlip`. */
export type RandomFlipOptions = OptionsOf<typeof schema> & ImageLayerOptions;
/** Which images are mirrored, `[batch, 1, 1, 1]`. */
export interface FlipTransformation<T = Tensor> {
  flips: T;
  input_shape: Shape;
}

/**
 * While training, mirrors every other image on average, along the axes of `mode` at once. Boxes and masks follow.
 *
 * ```ts
 * new keras.layers.RandomFlip('horizontal');
 * ```
 */
export class RandomFlip extends imageLayer('RandomFlip', schema, ['mode']) {
  static readonly samples = [
    { args: ['horizontal', { seed: 1 }], inputs: [[4, 5, 4, 3]] },
    { args: [{ seed: 2, dataFormat: 'channels_first' }], inputs: [[4, 3, 5, 4]] },
  ];
  /** State of the random draws. */
  readonly generator = new random.SeedGenerator(this.config.seed);
  protected override readonly castsImages = true;

  /** @internal */
  protected override get convertsInputs(): boolean {
    return false;
  }

  override getRandomTransformation(data: TensorLike | ImageData, options: DrawOptions = {}): FlipTransformation | null {
    const { images, training, seed } = this.drawing(data, options);
    if (!training) return null;
    const shape = images.shape.length === 3 ? [1, 1, 1] : [images.count, 1, 1, 1];
    return { flips: ops.lessEqual(random.uniform(shape, { seed }), 0.5), input_shape: images.shape };
  }

  private get axes(): { horizontal: boolean; vertical: boolean } {
    const { mode } = this.config;
    return { horizontal: mode !== 'vertical', vertical: mode !== 'horizontal' };
  }
  protected override applyToImages(images: Tensor, { flips }: FlipTransformation<TensorLike>): Tensor {
    const [height, width] = this.dataFormat === 'channels_first' ? [-2, -1] : [-3, -2];
    const { horizontal, vertical } = this.axes;
    const across = horizontal ? ops.flip(images, { axis: width }) : images;
    return ops.where(flips, vertical ? ops.flip(across, { axis: height }) : across, images);
  }
  protected override applyToMasks(masks: Tensor, transformation: FlipTransformation<TensorLike>): Tensor {
    return this.applyToImages(ops.cast(masks, this.computeDtype), transformation);
  }
  protected override applyToBoxes(
    boundingBoxes: LabeledBoxes<Tensor>,
    { flips, input_shape: shape }: FlipTransformation<TensorLike>,
  ): LabeledBoxes<Tensor> {
    const { height, width } = this.sizesOf(shape);
    const size = { height, width };
    const given = convertFormat(boundingBoxes, this.boundingBoxFormat!, 'rel_xyxy', size);
    const [x1, y1, x2, y2] = columnsOf('RandomFlip', given.boxes);
    const { horizontal, vertical } = this.axes;
    const from1 = (x: Tensor) => ops.subtract(1, x);
    const [left, right] = horizontal ? [from1(x2), from1(x1)] : [x1, x2];
    const [top, bottom] = vertical ? [from1(y2), from1(y1)] : [y1, y2];
    const boxes = ops.where(ops.squeeze(flips, { axis: -1 }), joined([left, top, right, bottom]), given.boxes);
    return convertFormat(clipToImageSize({ ...given, boxes }, size), 'rel_xyxy', this.boundingBoxFormat!, size);
  }
}
