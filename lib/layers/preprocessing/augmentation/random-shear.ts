// RandomShear: images slanted at random.
import type { OptionsOf } from '../../../config/configurable.js';
import { type Field, field, withDefault } from '../../../config/fields.js';
import type { TensorLike } from '../../../core/convert.js';
import type { Shape } from '../../../base/shape.js';
import type { Tensor } from '../../../core/tensor.js';
import * as ops from '../../../ops/index.js';
import * as random from '../../../random/index.js';
import { columnsOf, convertFormat, joined, type LabeledBoxes } from '../bounding-boxes/formats.js';
import { clipToImageSize } from '../bounding-boxes/geometry.js';
import { type DrawOptions, type ImageData, imageLayer, type ImageLayerOptions } from '../image-layer.js';
import { affineRows } from './affine.js';
import { fillMode, fillValue, interpolation, type Range, type RangeLike, rangeOf, seed, strictFactor } from './fields.js';

/** Two numbers from 0 to 1, or one for minus it to it; also the two that one stands for, as configs have them. */
function slant(): Field<RangeLike, Range, false> {
  const given = strictFactor(0, 1);
  const read = field<RangeLike, Range>(given.expects, (value, where) => {
    const mirrored = Array.isArray(value) && value.length === 2 && value[0] === -value[1];
    return rangeOf(given.parse(mirrored ? Math.abs(value[0] as number) : value, where));
  });
  return withDefault(read, 0);
}
const schema = {
  /** How far pixels move to the right for each pixel further down: two numbers from 0 to 1, or one for minus it to it. */
  xFactor: slant(),
  /** How far pixels move down for each pixel further to the right: two numbers from 0 to 1, or one for minus it to it. */
  yFactor: slant(),
  /** How values between pixels are found. */
  interpolation: interpolation(),
  /** What stands outside of the images. */
  fillMode: fillMode(),
  /** The constant that stands outside of the images with `fillMode: 'constant'`. */
  fillValue: fillValue(),
  /** Seed of the draws; null: a random one. */
  seed: seed(),
} as const;

/** Options of `RandomShear`. */
export type RandomShearOptions = OptionsOf<typeof schema> & ImageLayerOptions;
/** How far each image is slanted along x and y, `[batch, 2]`. */
export interface ShearTransformation<T = Tensor> {
  shear_factor: T;
  input_shape: Shape;
}

/**
 * While training, slants each image along x and y by factors that are drawn between the two numbers of each, both turned around for half of
 * the images. Masks and boxes follow.
 *
 * ```ts
 * new keras.layers.RandomShear({ xFactor: 0.2, yFactor: 0.2 });
 * ```
 */
export class RandomShear extends imageLayer('RandomShear', schema) {
  static readonly samples = [
    { args: [{ xFactor: 0.4, yFactor: [0.1, 0.3], seed: 1 }], inputs: [[3, 5, 4, 2]] },
    { args: [{ xFactor: [0.1, 0.3], fillMode: 'constant', seed: 1, dataFormat: 'channels_first' }], inputs: [[3, 2, 4, 5]] },
  ];
  /** State of the random draws. */
  readonly generator = new random.SeedGenerator(this.config.seed);
  protected override readonly castsImages = true;

  override getRandomTransformation(data: TensorLike | ImageData, options: DrawOptions = {}): ShearTransformation | null {
    const { images, training, seed } = this.drawing(data, options);
    if (!training) return null;
    const draw = ([minval, maxval]: Range) => random.uniform([images.count, 1], { minval, maxval, seed, dtype: this.computeDtype });
    const way = ops.where(ops.greater(draw([0, 1]), 0.5), -1, 1);
    const y = draw(this.config.yFactor);
    const x = draw(this.config.xFactor);
    const factors = ops.concatenate([x, y], { axis: 1 });
    return { shear_factor: ops.multiply(factors, ops.cast(way, factors.dtype)), input_shape: images.shape };
  }
  private slanted(images: Tensor, factors: TensorLike, kind: 'nearest' | 'bilinear'): Tensor {
    const [x, y] = ops.split(factors, 2, { axis: 1 }) as [Tensor, Tensor];
    const { fillMode, fillValue } = this.config;
    const options = { interpolation: kind, fillMode, fillValue, dataFormat: this.dataFormat };
    return ops.image.affineTransform(images, affineRows(1, x, 0, y, 1, 0), options);
  }
  protected override applyToImages(images: Tensor, { shear_factor: factors }: ShearTransformation<TensorLike>): Tensor {
    return this.slanted(images, factors, this.config.interpolation);
  }
  protected override applyToMasks(masks: Tensor, { shear_factor: factors }: ShearTransformation<TensorLike>): Tensor {
    return this.slanted(masks, factors, 'nearest');
  }
  protected override applyToBoxes(
    boundingBoxes: LabeledBoxes<Tensor>,
    { shear_factor: factors, input_shape: shape }: ShearTransformation<TensorLike>,
  ): LabeledBoxes<Tensor> {
    const { height, width } = this.sizesOf(shape);
    const dtype = this.computeDtype;
    const size = { height, width, dtype };
    const given = convertFormat(boundingBoxes, this.boundingBoxFormat!, 'rel_xyxy', size);
    const [x, y] = ops.split(ops.expandDims(ops.cast(factors, dtype), 1), 2, { axis: -1 }) as [Tensor, Tensor];
    const boxes = slantedBoxes(given.boxes, x, y);
    const clipped = clipToImageSize({ ...given, boxes }, { boundingBoxFormat: 'rel_xyxy' });
    return convertFormat(clipped, 'rel_xyxy', this.boundingBoxFormat!, size);
  }
}

/** Boxes whose edges are moved along x by the nearer of their ends, then along y; in Keras's order. */
function slantedBoxes(boxes: Tensor, byX: Tensor, byY: Tensor): Tensor {
  const [x1, y1, x2, y2] = columnsOf('RandomShear', boxes);
  const moved = (at: Tensor, by: Tensor, other: Tensor) => ops.subtract(at, ops.multiply(by, other));
  const left = ops.less(byX, 0);
  const xs = [
    ops.where(left, moved(x1, byX, y1), moved(x1, byX, y2)),
    ops.where(left, moved(x2, byX, y2), moved(x2, byX, y1)),
  ] as const;
  const down = ops.greater(byY, 0);
  return joined([
    xs[0],
    ops.where(down, moved(y1, byY, xs[1]), moved(y1, byY, xs[0])),
    xs[1],
    ops.where(down, moved(y2, byY, xs[0]), moved(y2, byY, xs[1])),
  ]);
}
