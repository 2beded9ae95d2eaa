// RandomPerspective: images seen from another side.
import type { OptionsOf } from '../../../config/configurable.js';
import { float, withDefault } from '../../../config/fields.js';
import type { TensorLike } from '../../../core/convert.js';
import type { Shape } from '../../../base/shape.js';
import type { Tensor } from '../../../core/tensor.js';
import { homography } from '../../../ops/image/transform.js';
import * as ops from '../../../ops/index.js';
import * as random from '../../../random/index.js';
import { columnsOf, convertFormat, joined, type LabeledBoxes } from '../bounding-boxes/formats.js';
import { clipToImageSize } from '../bounding-boxes/geometry.js';
import { type DrawOptions, type ImageData, imageLayer, type ImageLayerOptions } from '../image-layer.js';
import { beside, drawChances } from './chance.js';
import { factor, fillValue, interpolation, seed } from './fields.js';

const schema = {
  /** How probably an image is changed: drawn between two numbers from 0 to 1, or from 0 to one. */
  factor: withDefault(factor(0, 1), 1),
  /** How far corners move: up to half of this times their place, either way. */
  scale: withDefault(float({ min: 0, max: 1 }), 1),
  /** How values between pixels are found. */
  interpolation: interpolation(),
  /** What stands outside of the images. */
  fillValue: fillValue(),
  /** Seed of the draws; null: a random one. */
  seed: seed(),
} as const;

/** Options of `RandomPerspective`. */
export type RandomPerspectiveOptions = OptionsOf<typeof schema> & ImageLayerOptions;
/** Which images are changed, `[batch]`, and from where to where their corners move, `[batch, 4, 2]` each. */
export interface PerspectiveTransformation<T = Tensor> {
  apply_perspective: T;
  start_points: T;
  end_points: T;
  input_shape: Shape;
}

/**
 * While training, moves the corners of some images at random, as if they were seen from another side. Masks and boxes follow; as Keras
 * does, it gives boxes back as left, top, right, bottom.
 *
 * ```ts
 * new keras.layers.RandomPerspective({ factor: 0.5, scale: 0.4 });
 * ```
 */
export class RandomPerspective extends imageLayer('RandomPerspective', schema) {
  static readonly samples = [
    { args: [{ scale: 0.5, seed: 1 }], inputs: [[3, 6, 5, 2]] },
    { args: [{ scale: 0.5, fillValue: 0.5, seed: 1, dataFormat: 'channels_first' }], inputs: [[3, 2, 5, 6]] },
  ];
  /** State of the random draws. */
  readonly generator = new random.SeedGenerator(this.config.seed);
  protected override readonly castsImages = true;

  override getRandomTransformation(data: TensorLike | ImageData, options: DrawOptions = {}): PerspectiveTransformation | null {
    const { images: { shape, count, height, width }, training, seed } = this.drawing(data, options);
    if (!training) return null;
    const { computeDtype: dtype, config: { factor, scale } } = this;
    const chosen = drawChances(count, factor, seed);
    const moves = random.uniform([count, 4, 2], { minval: -0.5 * scale, maxval: 0.5 * scale, seed, dtype });
    const [right, bottom] = [width - 1, height - 1];
    const corners = ops.reshape(ops.cast([0, 0, right, 0, 0, bottom, right, bottom], dtype), [1, 4, 2]);
    const start = ops.broadcastTo(corners, [count, 4, 2]);
    return {
      apply_perspective: chosen,
      start_points: start,
      end_points: ops.add(start, ops.multiply(start, moves)),
      input_shape: shape,
    };
  }
  private seen(images: Tensor, transformation: PerspectiveTransformation<TensorLike>, kind: 'nearest' | 'bilinear'): Tensor {
    const { apply_perspective: chosen, start_points: start, end_points: end } = transformation;
    const options = { interpolation: kind, fillValue: this.config.fillValue, dataFormat: this.dataFormat };
    return ops.where(beside(chosen), ops.image.perspectiveTransform(images, start, end, options), images);
  }
  protected override applyToImages(images: Tensor, transformation: PerspectiveTransformation<TensorLike>): Tensor {
    return this.seen(images, transformation, this.config.interpolation);
  }
  protected override applyToMasks(masks: Tensor, transformation: PerspectiveTransformation<TensorLike>): Tensor {
    return this.seen(masks, transformation, 'nearest');
  }
  protected override applyToBoxes(
    boundingBoxes: LabeledBoxes<Tensor>,
    { apply_perspective: chosen, start_points: start, end_points: end, input_shape: shape }: PerspectiveTransformation<TensorLike>,
  ): LabeledBoxes<Tensor> {
    const { height, width } = this.sizesOf(shape);
    const given = convertFormat(boundingBoxes, this.boundingBoxFormat!, 'xyxy', { height, width });
    const maps = homography(ops.cast(start, 'float32'), ops.cast(end, 'float32'));
    const moved = movedBoxes(given.boxes, ops.cast(maps, this.computeDtype));
    const boxes = ops.where(ops.reshape(chosen, [-1, 1, 1]), ops.cast(moved, 'float32'), given.boxes);
    return clipToImageSize({ ...given, boxes }, { height, width });
  }
}

/** The boxes around what projective maps, a row of 8 numbers for each image, make of boxes. */
function movedBoxes(boxes: Tensor, maps: Tensor): Tensor {
  const entries = ops.split(ops.expandDims(maps, 1), 8, { axis: -1 });
  const [x1, y1, x2, y2] = columnsOf('RandomPerspective', boxes);
  const points = [[x1, y1], [x2, y2], [x1, y2], [x2, y1]] as const;
  const linear = (i: number, last: Tensor | number) => ops.concatenate(
    points.map(([x, y]) => ops.add(ops.add(ops.multiply(entries[i]!, x), ops.multiply(entries[i + 1]!, y)), last)),
    { axis: -1 },
  );
  const scale = linear(6, 1);
  const [x, y] = [ops.divide(linear(0, entries[2]!), scale), ops.divide(linear(3, entries[5]!), scale)];
  const each = { axis: -1, keepdims: true };
  return joined([ops.min(x, each), ops.min(y, each), ops.max(x, each), ops.max(y, each)]);
}
