// MaxNumBoundingBoxes: as many boxes for every image.
import type { OptionsOf } from '../../../config/configurable.js';
import { int, withUnsavedDefault } from '../../../config/fields.js';
import type { Tensor } from '../../../core/tensor.js';
import * as ops from '../../../ops/index.js';
import type { LabeledBoxes } from '../bounding-boxes/formats.js';
import { imageLayer, type ImageLayerOptions } from '../image-layer.js';

const schema = {
  /** Boxes of each image. */
  maxNumber: int({ min: 0 }),
  /** What the numbers and labels of boxes that are added are. */
  fillValue: withUnsavedDefault(int(), -1),
} as const;

/** Options of `MaxNumBoundingBoxes`. */
export type MaxNumBoundingBoxesOptions = OptionsOf<typeof schema> & ImageLayerOptions;

/**
 * Leaves boxes away from the end, or adds some of `fillValue`, so that each image has `maxNumber` of them. Images stay as they are. In
 * inference too.
 *
 * ```ts
 * new keras.layers.MaxNumBoundingBoxes(10, { boundingBoxFormat: 'xyxy' });
 * ```
 */
export class MaxNumBoundingBoxes extends imageLayer('MaxNumBoundingBoxes', schema, ['maxNumber']) {
  static readonly samples = [{ args: [4], inputs: [[2, 5, 4, 3]] }];
  protected override readonly alwaysTransforms = true;

  protected override applyToImages(images: Tensor): Tensor {
    return images;
  }
  protected override applyToBoxes(boundingBoxes: LabeledBoxes<Tensor>): LabeledBoxes<Tensor> {
    const { maxNumber, fillValue } = this.config;
    const fitted = (x: Tensor) => {
      const [batch, boxes, ...rest] = x.shape as [number, number, ...number[]];
      const part = ops.slice(x, x.shape.map(() => 0), [batch, Math.min(boxes, maxNumber), ...rest]);
      const added = Math.max(maxNumber - boxes, 0);
      return ops.pad(part, x.shape.map((_, axis) => [0, axis === 1 ? added : 0]), { constantValues: fillValue });
    };
    return { ...boundingBoxes, boxes: fitted(boundingBoxes.boxes), labels: fitted(boundingBoxes.labels!) };
  }
}
