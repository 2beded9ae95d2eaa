// RandomRotation: images turned at random.
import type { OptionsOf } from '../../../config/configurable.js';
import type { TensorLike } from '../../../core/convert.js';
import type { Tensor } from '../../../core/tensor.js';
import * as ops from '../../../ops/index.js';
import * as random from '../../../random/index.js';
import { convertFormat, type LabeledBoxes } from '../bounding-boxes/formats.js';
import { affineTransform, clipToImageSize } from '../bounding-boxes/geometry.js';
import { type DrawOptions, type ImageData, imageLayer, type ImageLayerOptions, type ImageSize } from '../image-layer.js';
import { affineRows } from './affine.js';
import { factor, fillMode, fillValue, interpolation, seed } from './fields.js';

const schema = {
  /** Shares of a full turn: two numbers from -1 to 1, or one for minus it to it. Positive ones turn counterclockwise. */
  factor: factor(-1, 1),
  /** What stands outside of the images. */
  fillMode: fillMode(),
  /** How values between pixels are found. */
  interpolation: interpolation(),
  /** Seed of the draws; null: a random one. */
  seed: seed(),
  /** The constant that stands outside of the images with `fillMode: 'constant'`. */
  fillValue: fillValue(),
} as const;

/** Options of `RandomRotation`. */
export type RandomRotationOptions = OptionsOf<typeof schema> & ImageLayerOptions;
/** How each image is turned. */
export interface RotationTransformation<T = Tensor> {
  /** Degrees, `[batch]`. */
  angle: T;
  /** Rows for `ops.image.affineTransform`, `[batch, 8]`, or `[8]` for one image. */
  rotation_matrix: T;
  image_height: number;
  image_width: number;
  batch_size: number;
}

/**
 * While training, turns each image around its middle by a part of a full turn that is drawn between the two numbers of `factor`. Masks and
 * boxes follow. As Keras does, it takes boxes as left, top, right, bottom when it turns them.
 *
 * ```ts
 * new keras.layers.RandomRotation(0.1, { fillMode: 'nearest' }); // up to 36 degrees either way
 * ```
 */
export class RandomRotation extends imageLayer('RandomRotation', schema, ['factor']) {
  static readonly samples = [
    { args: [0.2, { seed: 1 }], inputs: [[3, 5, 4, 2]] },
    { args: [[-0.1, 0.3], { fillMode: 'constant', fillValue: 0.5, seed: 1, dataFormat: 'channels_first' }], inputs: [[3, 2, 4, 5]] },
  ];
  /** State of the random draws. */
  readonly generator = new random.SeedGenerator(this.config.seed);
  protected override readonly castsImages = true;

  override getRandomTransformation(data: TensorLike | ImageData, options: DrawOptions = {}): RotationTransformation | null {
    const { images, training, seed } = this.drawing(data, options);
    if (!training) return null;
    const [minval, maxval] = this.config.factor.map((turn) => turn * 360) as [number, number];
    const angle = random.uniform([images.count], { minval, maxval, seed });
    const matrix = rotation(angle, images);
    return {
      angle,
      rotation_matrix: images.shape.length === 3 ? ops.squeeze(matrix, { axis: 0 }) : matrix,
      image_height: images.height,
      image_width: images.width,
      batch_size: images.count,
    };
  }
  private turned(images: Tensor, matrix: TensorLike, kind: 'nearest' | 'bilinear'): Tensor {
    const { fillMode, fillValue } = this.config;
    return ops.image.affineTransform(images, matrix, { interpolation: kind, fillMode, fillValue, dataFormat: this.dataFormat });
  }
  protected override applyToImages(images: Tensor, { rotation_matrix: matrix }: RotationTransformation<TensorLike>): Tensor {
    return this.turned(images, matrix, this.config.interpolation);
  }
  protected override applyToMasks(masks: Tensor, { rotation_matrix: matrix }: RotationTransformation<TensorLike>): Tensor {
    return this.turned(masks, matrix, 'nearest');
  }
  protected override applyToBoxes(
    boundingBoxes: LabeledBoxes<Tensor>,
    { angle, image_height: height, image_width: width }: RotationTransformation<TensorLike>,
  ): LabeledBoxes<Tensor> {
    const boxes = affineTransform(boundingBoxes.boxes, angle, 0, 0, 1, 0, 0, height, width);
    const clipped = clipToImageSize({ ...boundingBoxes, boxes }, { height, width });
    return convertFormat(clipped, 'xyxy', this.boundingBoxFormat!, { height, width });
  }
}

/** The maps that turn images around their middle by degrees. */
function rotation(degrees: Tensor, { height, width }: ImageSize): Tensor {
  const angle = ops.expandDims(ops.multiply(degrees, Math.PI / 180), 1);
  const [x, y] = [0.5 * (width - 1), 0.5 * (height - 1)];
  const [cos, sin] = [ops.cos(angle), ops.sin(angle)];
  const moveX = ops.subtract(ops.subtract(x, ops.multiply(cos, x)), ops.multiply(ops.negative(sin), y));
  const moveY = ops.subtract(ops.subtract(y, ops.multiply(sin, x)), ops.multiply(cos, y));
  return affineRows(cos, ops.negative(sin), moveX, sin, cos, moveY);
}
