// CenterCrop: the middle of images.
import type { OptionsOf } from '../../config/configurable.js';
import { int } from '../../config/fields.js';
import type { TensorLike } from '../../core/convert.js';
import { castTo } from '../../core/cast.js';
import type { Tensor } from '../../core/tensor.js';
import * as ops from '../../ops/index.js';
import { columnsOf, convertFormat, joined, type LabeledBoxes } from './bounding-boxes/formats.js';
import { clipToImageSize, crop } from './bounding-boxes/geometry.js';
import { type ImageData, imageLayer, type ImageLayerOptions, type ImageSize } from './image-layer.js';

const schema = {
  /** Height of the output in pixels. */
  height: int({ min: 1 }),
  /** Width of the output in pixels. */
  width: int({ min: 1 }),
} as const;

/** Options of `CenterCrop`. */
export type CenterCropOptions = OptionsOf<typeof schema> & ImageLayerOptions;

/**
 * The middle part, `height` × `width`, of images `(batch, height, width, channels)` or of one image. Of images that are too small the
 * largest middle part of the same aspect ratio is resized. Also takes an object of images with `labels`, `bounding_boxes` and
 * `segmentation_masks`.
 *
 * ```ts
 * new keras.layers.CenterCrop(224, 224);
 * ```
 */
export class CenterCrop extends imageLayer('CenterCrop', schema, ['height', 'width']) {
  static readonly samples = [
    { args: [3, 2], inputs: [[2, 6, 5, 3]] },
    { args: [6, 5, { dataFormat: 'channels_first' }], inputs: [[2, 3, 4, 8]] },
  ];

  protected override readonly alwaysTransforms = true;

  /** The size of the images. */
  override getRandomTransformation(data: TensorLike | ImageData): ImageSize {
    const { height, width } = this.drawing(data, {}).images;
    return { height, width };
  }

  /** True where the part lies inside of the images. */
  private fits({ height, width }: ImageSize): boolean {
    return height >= this.config.height && width >= this.config.width;
  }
  private cropped(images: Tensor, interpolation: 'bilinear' | 'nearest'): Tensor {
    const { height, width } = this.config;
    const { dataFormat } = this;
    const size = this.sizesOf(images.shape);
    if (!this.fits(size)) return ops.image.resize(images, [height, width], { interpolation, cropToAspectRatio: true, dataFormat });
    const [topCropping, leftCropping] = [Math.floor((size.height - height) / 2), Math.floor((size.width - width) / 2)];
    return ops.image.cropImages(images, { topCropping, leftCropping, targetHeight: height, targetWidth: width, dataFormat });
  }
  protected override applyToImages(images: Tensor): Tensor {
    return this.cropped(castTo(images, this.computeDtype), 'bilinear');
  }
  protected override applyToMasks(masks: Tensor): Tensor {
    return this.cropped(masks, 'nearest');
  }
  protected override applyToBoxes(boundingBoxes: LabeledBoxes<Tensor>, size: ImageSize): LabeledBoxes<Tensor> {
    const format = this.boundingBoxFormat!;
    const target = { height: this.config.height, width: this.config.width };
    const boxes = convertFormat(boundingBoxes, format, 'xyxy', size);
    const part = this.fits(size) ? target : this.largestPart(size);
    const [top, left] = [Math.trunc((size.height - part.height) / 2), Math.trunc((size.width - part.width) / 2)];
    const [x1, y1, x2, y2] = columnsOf('CenterCrop', crop(boxes.boxes, top, left, part.height, part.width));
    const stretched = this.fits(size)
      ? joined([x1, y1, x2, y2])
      : joined([
          ops.multiply(ops.divide(x1, part.width), target.width),
          ops.multiply(ops.divide(y1, part.height), target.height),
          ops.multiply(ops.divide(x2, part.width), target.width),
          ops.multiply(ops.divide(y2, part.height), target.height),
        ]);
    return convertFormat(clipToImageSize({ ...boxes, boxes: stretched }, target), 'xyxy', format, target);
  }
  /** The size of the largest part of the images that has the aspect ratio of the output. */
  private largestPart({ height, width }: ImageSize): ImageSize {
    const target = this.config;
    return {
      height: Math.max(Math.min(height, Math.trunc((width * target.height) / target.width)), 1),
      width: Math.max(Math.min(width, Math.trunc((height * target.width) / target.height)), 1),
    };
  }
}
