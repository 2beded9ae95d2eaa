// RandomCrop: a random part of images.
import type { OptionsOf } from '../../../config/configurable.js';
import { int } from '../../../config/fields.js';
import type { TensorLike } from '../../../core/convert.js';
import type { Tensor } from '../../../core/tensor.js';
import * as ops from '../../../ops/index.js';
import * as random from '../../../random/index.js';
import { makeDefaultSeed } from '../../../random/seed-generator.js';
import { convertFormat, type LabeledBoxes } from '../bounding-boxes/formats.js';
import { type DrawOptions, type ImageData, imageLayer, type ImageLayerOptions } from '../image-layer.js';
import { mappedBoxes } from './affine.js';
import { seed } from './fields.js';

const givenSeed = seed();
/** A seed; null becomes a random one. */
const drawnSeed: typeof givenSeed = { ...givenSeed, parse: (value, where) => givenSeed.parse(value, where) ?? makeDefaultSeed() };
const schema = {
  /** Height of the output in pixels. */
  height: int({ min: 1 }),
  /** Width of the output in pixels. */
  width: int({ min: 1 }),
  /** Seed of the draws; null: a random one, which the config tells. */
  seed: drawnSeed,
} as const;

/** Options of `RandomCrop`. */
export type RandomCropOptions = OptionsOf<typeof schema> & ImageLayerOptions;
/** Where the part begins, the same for all images of a call: its first row and column. */
export type CropTransformation<T = Tensor> = [top: T | number, left: T | number];

/**
 * While training, a random part, `height` × `width`, of images, the same for all images of a call; of images that are not larger than that
 * both ways the middle part, resized where it is too small. Masks follow. In inference, as in Keras, images stay as they are.
 *
 * ```ts
 * new keras.layers.RandomCrop(24, 24);
 * ```
 */
export class RandomCrop extends imageLayer('RandomCrop', schema, ['height', 'width']) {
  static readonly samples = [
    { args: [5, 4, { seed: 1 }], inputs: [[2, 5, 4, 3]] },
    { args: [3, 2, { seed: 1, dataFormat: 'channels_first' }], inputs: [[2, 3, 3, 2]] },
  ];
  /** State of the random draws. */
  readonly generator = new random.SeedGenerator(this.config.seed);

  /** @internal */
  protected override get convertsInputs(): boolean {
    return false;
  }

  override getRandomTransformation(data: TensorLike | ImageData, options: DrawOptions = {}): CropTransformation {
    const { images: { height, width }, training, seed } = this.drawing(data, options);
    const target = this.config;
    if (training && height > target.height && width > target.width) {
      const start = (room: number) => ops.cast(random.uniform([], { maxval: room + 1, seed }), 'int32');
      return [start(height - target.height), start(width - target.width)];
    }
    // The start of the middle part of the aspect ratio of the output.
    const middle = (size: number, part: number) => Math.trunc((size - Math.max(Math.min(size, Math.trunc(part)), 1)) / 2);
    return [middle(height, (width * target.height) / target.width), middle(width, (height * target.width) / target.height)];
  }
  protected override applyToImages(given: Tensor, [top, left]: CropTransformation<TensorLike>): Tensor {
    const images = ops.cast(given, this.computeDtype);
    const { height, width } = this.config;
    const size = this.sizesOf(images.shape);
    const part = { height: reach(top, height, size.height), width: reach(left, width, size.width) };
    const first = this.dataFormat === 'channels_first';
    const inOrder = <T,>(lead: T, y: T, x: T, channel: T): T[] => (first ? [lead, channel, y, x] : [lead, y, x, channel]);
    const starts = ops.stack(inOrder<TensorLike>(0, top, left, 0).map((start) => ops.cast(start, 'int32')));
    const cut = ops.slice(images, starts, inOrder(images.shape[0]!, part.height, part.width, size.channels));
    if (part.height === height && part.width === width) return cut;
    return ops.cast(ops.image.resize(cut, [height, width], { dataFormat: this.dataFormat }), this.computeDtype);
  }
  protected override applyToMasks(masks: Tensor, transformation: CropTransformation<TensorLike>): Tensor {
    return this.applyToImages(masks, transformation);
  }
  /** As Keras moves them: x by the first row, y by the first column. */
  protected override applyToBoxes(
    boundingBoxes: LabeledBoxes<Tensor>,
    [top, left]: CropTransformation<TensorLike>,
  ): LabeledBoxes<Tensor> {
    const { height, width } = this.config;
    const size = { height, width };
    const given = convertFormat(boundingBoxes, this.boundingBoxFormat!, 'xyxy', size);
    const moved = (by: TensorLike) => (at: Tensor) => ops.maximum(ops.subtract(at, ops.cast(by, at.dtype)), 0);
    return convertFormat({ ...given, boxes: mappedBoxes(given.boxes, moved(top), moved(left)) }, 'xyxy', this.boundingBoxFormat!, size);
  }
}

/** Pixels from a start, if it is known, to the end of the part or of the image. */
const reach = (start: TensorLike, length: number, size: number): number =>
  Math.min(length, typeof start === 'number' ? size - start : size);
