// RandomZoom: images made larger or smaller at random.
import type { OptionsOf } from '../../../config/configurable.js';
import { nullable } from '../../../config/fields.js';
import type { TensorLike } from '../../../core/convert.js';
import type { Shape } from '../../../base/shape.js';
import type { Tensor } from '../../../core/tensor.js';
import * as ops from '../../../ops/index.js';
import * as random from '../../../random/index.js';
import { convertFormat, type LabeledBoxes } from '../bounding-boxes/formats.js';
import { clipToImageSize } from '../bounding-boxes/geometry.js';
import { type DrawOptions, type ImageData, imageLayer, type ImageLayerOptions } from '../image-layer.js';
import { affineRows, mappedBoxes } from './affine.js';
import { fillMode, fillValue, interpolation, rangeOf, type RangeLike, seed, strictFactor } from './fields.js';

const schema = {
  /** How much more of the height is seen: two numbers above -1 and up to 1, or one for minus it to it. Negative ones zoom in. */
  heightFactor: strictFactor(-1, 1, true),
  /** How much more of the width is seen; null: as much as of the height. */
  widthFactor: nullable(strictFactor(-1, 1, true)),
  /** What stands outside of the images. */
  fillMode: fillMode(),
  /** How values between pixels are found. */
  interpolation: interpolation(),
  /** Seed of the draws; null: a random one. */
  seed: seed(),
  /** The constant that stands outside of the images with `fillMode: 'constant'`. */
  fillValue: fillValue(),
} as const;

/** Options of `RandomZoom`. */
export type RandomZoomOptions = OptionsOf<typeof schema> & ImageLayerOptions;
/** How many times the height and width of each image are seen, `[batch, 1]` each. */
export interface ZoomTransformation<T = Tensor> {
  height_zoom: T;
  width_zoom: T;
  input_shape: Shape;
}

/**
 * While training, zooms each image around its middle: `1 +` a number that is drawn between the two numbers of the factor times as much is
 * seen. Masks and boxes follow.
 *
 * ```ts
 * new keras.layers.RandomZoom([-0.3, -0.1]); // larger by 11 to 43 %
 * ```
 */
export class RandomZoom extends imageLayer('RandomZoom', schema, ['heightFactor']) {
  static readonly samples = [
    { args: [0.3, { seed: 1 }], inputs: [[3, 5, 4, 2]] },
    {
      args: [[-0.3, 0.2], { widthFactor: 0.4, fillMode: 'nearest', seed: 1, dataFormat: 'channels_first' }],
      inputs: [[3, 2, 4, 5]],
    },
  ];
  /** State of the random draws. */
  readonly generator = new random.SeedGenerator(this.config.seed);
  protected override readonly castsImages = true;

  override getRandomTransformation(data: TensorLike | ImageData, options: DrawOptions = {}): ZoomTransformation | null {
    const { images, training, seed } = this.drawing(data, options);
    if (!training) return null;
    const draw = (given: RangeLike) => {
      const [low, high] = rangeOf(given);
      return random.uniform([images.count, 1], { minval: 1 + low, maxval: 1 + high, seed });
    };
    const { heightFactor, widthFactor } = this.config;
    const height = draw(heightFactor);
    return { height_zoom: height, width_zoom: widthFactor === null ? height : draw(widthFactor), input_shape: images.shape };
  }
  private zoomed(images: Tensor, transformation: ZoomTransformation<TensorLike>, kind: 'nearest' | 'bilinear'): Tensor {
    const { fillMode, fillValue } = this.config;
    const { x, y } = this.maps(transformation, images.shape);
    const options = { interpolation: kind, fillMode, fillValue, dataFormat: this.dataFormat };
    return ops.image.affineTransform(images, affineRows(x.zoom, 0, x.offset, 0, y.zoom, y.offset), options);
  }
  /** Where pixels are read: `place * zoom + offset`, along the width and the height. */
  private maps({ height_zoom: down, width_zoom: across }: ZoomTransformation<TensorLike>, shape: Shape) {
    const { height, width } = this.sizesOf(shape);
    const along = (given: TensorLike, size: number) => {
      const zoom = ops.cast(given, 'float32');
      return { zoom, offset: ops.multiply((size - 1) / 2, ops.subtract(1, zoom)) };
    };
    return { x: along(across, width), y: along(down, height) };
  }
  protected override applyToImages(images: Tensor, transformation: ZoomTransformation<TensorLike>): Tensor {
    return this.zoomed(images, transformation, this.config.interpolation);
  }
  protected override applyToMasks(masks: Tensor, transformation: ZoomTransformation<TensorLike>): Tensor {
    return this.zoomed(masks, transformation, 'nearest');
  }
  protected override applyToBoxes(
    boundingBoxes: LabeledBoxes<Tensor>,
    transformation: ZoomTransformation<TensorLike>,
  ): LabeledBoxes<Tensor> {
    const { height, width } = this.sizesOf(transformation.input_shape);
    const given = convertFormat(boundingBoxes, this.boundingBoxFormat!, 'xyxy', { height, width });
    const { x, y } = this.maps(transformation, transformation.input_shape);
    // The part of the image that is seen, from `start` to `end`, becomes all of it.
    const seen = ({ zoom, offset }: typeof x, size: number) => {
      const [start, factor] = [ops.expandDims(offset, 1), ops.expandDims(zoom, 1)];
      const end = ops.add(ops.multiply(factor, size), start);
      return { extent: ops.subtract(end, start), within: (at: Tensor) => ops.subtract(ops.clip(at, start, end), start) };
    };
    const [alongX, alongY] = [seen(x, width), seen(y, height)];
    const boxes = mappedBoxes(given.boxes, alongX.within, alongY.within);
    const extent = { height: alongY.extent, width: alongX.extent };
    const shares = convertFormat({ ...given, boxes }, 'xyxy', 'rel_xyxy', extent);
    const clipped = clipToImageSize(shares, { boundingBoxFormat: 'rel_xyxy' });
    return convertFormat(clipped, 'rel_xyxy', this.boundingBoxFormat!, { height, width });
  }
}
