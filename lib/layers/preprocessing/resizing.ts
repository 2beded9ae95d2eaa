// Resizing: images of another size.
import type { OptionsOf } from '../../config/configurable.js';
import { bool, float, int, oneOf, withDefault } from '../../config/fields.js';
import type { TensorLike } from '../../core/convert.js';
import { constant } from '../../ops/primitives/primitive.js';
import type { Tensor } from '../../core/tensor.js';
import * as ops from '../../ops/index.js';
import { columnsOf, convertFormat, joined, type LabeledBoxes } from './bounding-boxes/formats.js';
import { clipToImageSize } from './bounding-boxes/geometry.js';
import { type ImageData, imageLayer, type ImageLayerOptions, type ImageSize } from './image-layer.js';

const schema = {
  /** Height of the output in pixels. */
  height: int({ min: 1 }),
  /** Width of the output in pixels. */
  width: int({ min: 1 }),
  /** How values between pixels are found. */
  interpolation: withDefault(oneOf('bilinear', 'nearest', 'bicubic', 'lanczos3', 'lanczos5'), 'bilinear'),
  /** Cut the images to the aspect ratio of the output first. */
  cropToAspectRatio: bool(false),
  /** Pad the images to the aspect ratio of the output first. */
  padToAspectRatio: bool(false),
  /** What the padding consists of. */
  fillMode: withDefault(oneOf('constant'), 'constant'),
  /** The constant. */
  fillValue: withDefault(float(), 0),
  /** Whether to average over the pixels that fall into one when images become smaller. */
  antialias: bool(false),
} as const;

/** Options of `Resizing`. */
export type ResizingOptions = OptionsOf<typeof schema> & ImageLayerOptions;
/** How boxes in pixels move: `x * scaleX + moveX`, `y * scaleY + moveY`. */
interface Move {
  readonly scaleX: number;
  readonly scaleY: number;
  readonly moveX: number;
  readonly moveY: number;
}
const { fround } = Math;

/**
 * Images `(batch, height, width, channels)`, or one image, resized to `height` × `width`. Integer images keep their dtype. Also takes an
 * object of images with `labels`, `bounding_boxes` and `segmentation_masks`.
 *
 * ```ts
 * new keras.layers.Resizing(224, 224, { cropToAspectRatio: true });
 * ```
 */
export class Resizing extends imageLayer('Resizing', schema, ['height', 'width']) {
  static readonly samples = [
    { args: [4, 7], inputs: [[2, 6, 5, 3]] },
    {
      args: [3, 4, { interpolation: 'bicubic', antialias: true, cropToAspectRatio: true, dataFormat: 'channels_first' }],
      inputs: [[2, 3, 8, 5]],
    },
    { args: [8, 3, { interpolation: 'nearest', padToAspectRatio: true, fillValue: 1 }], inputs: [[2, 4, 5, 1]] },
  ];

  protected override readonly alwaysTransforms = true;

  /** The size of the images. */
  override getRandomTransformation(data: TensorLike | ImageData): ImageSize {
    const { height, width } = this.drawing(data, {}).images;
    return { height, width };
  }
  private resized(images: Tensor, interpolation: ops.image.ResizeInterpolation): Tensor {
    const { height, width, antialias, cropToAspectRatio, padToAspectRatio, fillMode, fillValue } = this.config;
    return ops.image.resize(images, [height, width], {
      interpolation,
      antialias,
      cropToAspectRatio,
      padToAspectRatio,
      fillMode,
      fillValue,
      dataFormat: this.dataFormat,
    });
  }
  protected override applyToImages(images: Tensor): Tensor {
    return this.resized(images, this.config.interpolation);
  }
  protected override applyToMasks(masks: Tensor): Tensor {
    return this.resized(masks, 'nearest');
  }

  protected override applyToBoxes(boundingBoxes: LabeledBoxes<Tensor>, size: ImageSize): LabeledBoxes<Tensor> {
    const format = this.boundingBoxFormat!;
    const target = { height: this.config.height, width: this.config.width };
    // Boxes of four zeros or four times -1 stand for none.
    const all = (value: number) => ops.all(ops.equal(boundingBoxes.boxes, value), { axis: -1, keepdims: true });
    const none = ops.logicalOr(all(-1), all(0));
    const boxes = convertFormat(boundingBoxes, format, 'xyxy', size);
    const { scaleX, scaleY, moveX, moveY } = this.moveOf(size);
    const [x1, y1, x2, y2] = columnsOf('Resizing', boxes.boxes);
    const moved = (x: Tensor, scale: number, move: number) => ops.add(ops.multiply(x, constant(scale, x)), constant(move, x));
    const corners = joined([moved(x1, scaleX, moveX), moved(y1, scaleY, moveY), moved(x2, scaleX, moveX), moved(y2, scaleY, moveY)]);
    const clipped = clipToImageSize({ ...boxes, boxes: corners }, target);
    return convertFormat({ ...clipped, boxes: ops.where(none, ops.zerosLike(clipped.boxes), clipped.boxes) }, 'xyxy', format, target);
  }
  /** In float32, as Keras computes it: the moves are rounded down to whole pixels, so rounding errors count. */
  private moveOf({ height, width }: ImageSize): Move {
    const target = this.config;
    const [ratioX, ratioY] = [fround(target.width / width), fround(target.height / height)];
    if (target.padToAspectRatio) {
      const ratio = Math.min(ratioX, ratioY);
      const offset = (wanted: number, size: number) => Math.floor(fround(wanted - fround(size * ratio)) / 2);
      return { scaleX: ratio, scaleY: ratio, moveX: offset(target.width, width), moveY: offset(target.height, height) };
    }
    if (!target.cropToAspectRatio) return { scaleX: ratioX, scaleY: ratioY, moveX: 0, moveY: 0 };
    const aspect = fround(width / height);
    const wide = aspect > fround(target.width / target.height);
    const newWidth = wide ? fround(target.height * aspect) : target.width;
    const newHeight = wide ? target.height : fround(target.width / aspect);
    const cut = (size: number, wanted: number) => -Math.floor(fround(size - wanted) / 2);
    return {
      scaleX: fround(newWidth / width),
      scaleY: fround(newHeight / height),
      moveX: cut(newWidth, target.width),
      moveY: cut(newHeight, target.height),
    };
  }
}
