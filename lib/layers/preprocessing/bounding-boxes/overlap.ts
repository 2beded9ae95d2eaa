// How far bounding boxes cover each other.
import { toTensor, type TensorLike } from '../../../core/convert.js';
import { checkOptions, show } from '../../../base/errors.js';
import { settings } from '../../../base/settings.js';
import { showShape } from '../../../base/shape.js';
import type { Tensor } from '../../../core/tensor.js';
import * as ops from '../../../ops/index.js';
import { columnsOf, convertBoxes, type BoundingBoxFormat, type Corners } from './formats.js';

/** Height, width and channels of the image, which relative formats need. */
export type ImageShape = readonly [height: number, width: number, ...rest: number[]];
/** @internal Options of a conversion from the shape of the image. */
export function imageSize(where: string, imageShape: ImageShape | null | undefined): { height: number | null; width: number | null } {
  if (imageShape === null || imageShape === undefined) return { height: null, width: null };
  if (!Array.isArray(imageShape) || imageShape.length < 2)
    throw new TypeError(`${where}: imageShape must be [height, width, channels], received ${show(imageShape)}`);
  return { height: imageShape[0], width: imageShape[1] };
}
/** Left, top, right and bottom of boxes in any format. */
function cornersOf(
  where: string,
  boxes: TensorLike,
  format: string,
  imageShape: ImageShape | null | undefined,
): { boxes: Tensor; corners: Corners } {
  const converted = convertBoxes(where, boxes, format, 'xyxy', imageSize(where, imageShape));
  return { boxes: converted, corners: columnsOf(where, converted) };
}
const area = ([x1, y1, x2, y2]: Corners): Tensor => ops.multiply(ops.subtract(x2, x1), ops.subtract(y2, y1));
/** The area that two boxes share. */
function shared([ax1, ay1, ax2, ay2]: Corners, [bx1, by1, bx2, by2]: Corners): Tensor {
  const side = (low1: Tensor, high1: Tensor, low2: Tensor, high2: Tensor) =>
    ops.maximum(ops.subtract(ops.minimum(high1, high2), ops.maximum(low1, low2)), 0);
  return ops.multiply(side(ax1, ax2, bx1, bx2), side(ay1, ay2, by1, by2));
}

/** Options of `computeIou`. */
export interface ComputeIouOptions {
  /** Whether pairs with a box whose numbers are all below 0 get `maskVal`. Default false. */
  useMasking?: boolean;
  /** Default -1. */
  maskVal?: number;
  /** Height, width and channels of the image; needed for relative formats. */
  imageShape?: ImageShape | null;
}
/**
 * Intersection over union of each box of `boxes1`, `(m, 4)` or `(batch, m, 4)`, with each of `boxes2`, `(n, 4)` or `(batch, n, 4)`: `(m,
 * n)` or `(batch, m, n)`.
 */
export function computeIou(
  boxes1: TensorLike,
  boxes2: TensorLike,
  boundingBoxFormat: BoundingBoxFormat | (string & {}),
  options: ComputeIouOptions = {},
): Tensor {
  const where = 'computeIou';
  checkOptions(where, options, ['useMasking', 'maskVal', 'imageShape']);
  const { useMasking = false, maskVal = -1, imageShape } = options;
  const [first, second] = [boxes1, boxes2].map((boxes) => {
    const tensor = toTensor(boxes, null, where);
    if (tensor.ndim !== 2 && tensor.ndim !== 3)
      throw new RangeError(`${where}: boxes must have shape (n, 4) or (batch, n, 4), received ${showShape(tensor.shape)}`);
    return cornersOf(where, tensor, boundingBoxFormat, imageShape);
  }) as [ReturnType<typeof cornersOf>, ReturnType<typeof cornersOf>];
  const across = second.corners.map((column) => ops.swapaxes(column, -1, -2)) as unknown as Corners;
  const common = shared(first.corners, across);
  const union = ops.subtract(ops.add(area(first.corners), area(across)), common);
  const overlap = ops.divide(common, ops.add(union, settings.epsilon));
  if (!useMasking) return overlap;
  const absent = (boxes: Tensor) => ops.less(ops.max(boxes, { axis: -1, keepdims: true }), 0);
  return ops.where(
    ops.logicalOr(absent(first.boxes), ops.swapaxes(absent(second.boxes), -1, -2)),
    ops.cast(maskVal, overlap.dtype),
    overlap,
  );
}

/** Options of `computeCiou`. */
export interface ComputeCiouOptions {
  /** Height, width and channels of the image; needed for relative formats. */
  imageShape?: ImageShape | null;
}
/**
 * Complete intersection over union of boxes and those at the same place of `boxes2`, `(..., 4)` both: the intersection over union less the
 * distance of the centres and the difference of the aspect ratios (Z. Zheng et al., 2020).
 */
export function computeCiou(
  boxes1: TensorLike,
  boxes2: TensorLike,
  boundingBoxFormat: BoundingBoxFormat | (string & {}),
  options: ComputeCiouOptions = {},
): Tensor {
  const where = 'computeCiou';
  checkOptions(where, options, ['imageShape']);
  const { epsilon } = settings;
  const a = cornersOf(where, boxes1, boundingBoxFormat, options.imageShape).corners;
  const b = cornersOf(where, boxes2, boundingBoxFormat, options.imageShape).corners;
  const sides = ([x1, y1, x2, y2]: Corners) => ({ width: ops.subtract(x2, x1), height: ops.add(ops.subtract(y2, y1), epsilon) });
  const [one, two] = [sides(a), sides(b)];
  const common = shared(a, b);
  const union = ops.add(ops.subtract(ops.add(ops.multiply(one.width, one.height), ops.multiply(two.width, two.height)), common), epsilon);
  const overlap = ops.divide(common, ops.add(union, epsilon));
  const around = (i: 0 | 1) => ops.subtract(ops.maximum(a[i + 2]!, b[i + 2]!), ops.minimum(a[i], b[i]));
  const diagonal = ops.add(ops.add(ops.square(around(0)), ops.square(around(1))), epsilon);
  const middle = (box: Corners, i: 0 | 1) => ops.divide(ops.add(box[i], box[i + 2]!), 2);
  const apart = (i: 0 | 1) => ops.square(ops.subtract(middle(a, i), middle(b, i)));
  const distance = ops.divide(ops.add(apart(0), apart(1)), diagonal);
  const slope = ({ width, height }: { width: Tensor; height: Tensor }) => ops.arctan(ops.divide(width, height));
  const ratio = ops.multiply(ops.square(ops.subtract(slope(two), slope(one))), 4 / Math.PI ** 2);
  const weight = ops.divide(ratio, ops.add(ops.subtract(ratio, overlap), 1 + epsilon));
  return ops.squeeze(ops.subtract(overlap, ops.add(distance, ops.multiply(ratio, weight))), { axis: -1 });
}
