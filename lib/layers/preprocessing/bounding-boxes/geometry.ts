// Bounding boxes moved, cut and compared with the image.
import { toTensor, type TensorLike } from '../../../core/convert.js';
import { castTo } from '../../../core/cast.js';
import { floatType } from '../../../base/dtype.js';
import { checkOptions, show } from '../../../base/errors.js';
import { broadcastShapes, showShape } from '../../../base/shape.js';
import type { Tensor } from '../../../core/tensor.js';
import { isPlainObject } from '../../../base/tree.js';
import * as ops from '../../../ops/index.js';
import { columnsOf, joined, type Corners, type LabeledBoxes } from './formats.js';

/** The only format that a function takes. Throws on others. */
function onlyCorners(where: string, format: unknown): void {
  if (format !== 'xyxy')
    throw new TypeError(`${where}: takes boxes in format 'xyxy' only, received ${show(format)}; convert them by convertFormat`);
}
/** Options of functions that take boxes in one format. */
export interface BoxesOptions {
  /** Only `'xyxy'`. */
  boundingBoxFormat?: 'xyxy';
}

/** @internal Boxes cut off at the edges of an area. */
function clipped([x1, y1, x2, y2]: Corners, width: TensorLike, height: TensorLike): Corners {
  return [ops.clip(x1, 0, width), ops.clip(y1, 0, height), ops.clip(x2, 0, width), ops.clip(y2, 0, height)];
}

/** Options of `clipToImageSize`. */
export interface ClipToImageSizeOptions {
  /** Height of the image in pixels; needed for format `'xyxy'`. */
  height?: TensorLike | null;
  /** Width of the image in pixels; needed for format `'xyxy'`. */
  width?: TensorLike | null;
  /** `'xyxy'` (the default) or `'rel_xyxy'`. */
  boundingBoxFormat?: 'xyxy' | 'rel_xyxy';
}
/** Labelled boxes cut off at the edges of the image. The label of a box of which nothing is left becomes -1. */
export function clipToImageSize<T extends LabeledBoxes>(boundingBoxes: T, options: ClipToImageSizeOptions = {}): T & LabeledBoxes<Tensor> {
  const where = 'clipToImageSize';
  checkOptions(where, options, ['height', 'width', 'boundingBoxFormat']);
  if (!isPlainObject(boundingBoxes) || boundingBoxes.boxes === undefined)
    throw new TypeError(`${where}: expected boxes and labels, { boxes, labels }, received ${show(boundingBoxes)}`);
  const { height = null, width = null, boundingBoxFormat = 'xyxy' } = options;
  const relative = (boundingBoxFormat as string) === 'rel_xyxy';
  if (!relative && boundingBoxFormat !== 'xyxy')
    throw new TypeError(`${where}: boundingBoxFormat must be 'xyxy' or 'rel_xyxy', received ${show(boundingBoxFormat)}`);
  if (!relative && (height === null || width === null))
    throw new TypeError(`${where}: height and width are needed for format 'xyxy', received ${show(height)} and ${show(width)}`);
  const boxes = toTensor(boundingBoxes.boxes, null, where);
  const limit = (size: TensorLike | null): Tensor => toTensor(relative ? 1 : size!, boxes.dtype, where);
  const corners = clipped(columnsOf(where, boxes), limit(width), limit(height));
  const result = { ...boundingBoxes, boxes: joined(corners) };
  if (boundingBoxes.labels === undefined) return result as T & LabeledBoxes<Tensor>;
  const [x1, y1, x2, y2] = corners;
  const areas = ops.squeeze(ops.multiply(ops.subtract(x2, x1), ops.subtract(y2, y1)), { axis: -1 });
  return { ...result, labels: ops.where(ops.greater(areas, 0), boundingBoxes.labels, -1) };
}

/** Boxes seen from a part of the image: moved by `-left` and `-top`, and cut off at the edges of the part. */
export function crop(
  boxes: TensorLike,
  top: TensorLike,
  left: TensorLike,
  height: TensorLike,
  width: TensorLike,
  options: BoxesOptions = {},
): Tensor {
  checkOptions('crop', options, ['boundingBoxFormat']);
  onlyCorners('crop', options.boundingBoxFormat ?? 'xyxy');
  const [x1, y1, x2, y2] = columnsOf('crop', toTensor(boxes, null, 'crop'));
  return joined(clipped([ops.subtract(x1, left), ops.subtract(y1, top), ops.subtract(x2, left), ops.subtract(y2, top)], width, height));
}

/** Options of `pad`. */
export interface PadBoxesOptions extends BoxesOptions {
  /** Height of the image, on which nothing depends; Keras takes it too. */
  height?: TensorLike | null;
  /** Width of the image, on which nothing depends; Keras takes it too. */
  width?: TensorLike | null;
}
/** Boxes of an image to which `top` rows and `left` columns were added. */
export function pad(boxes: TensorLike, top: TensorLike, left: TensorLike, options: PadBoxesOptions = {}): Tensor {
  checkOptions('pad', options, ['height', 'width', 'boundingBoxFormat']);
  onlyCorners('pad', options.boundingBoxFormat ?? 'xyxy');
  const [x1, y1, x2, y2] = columnsOf('pad', toTensor(boxes, null, 'pad'));
  return joined([ops.add(x1, left), ops.add(y1, top), ops.add(x2, left), ops.add(y2, top)]);
}

/** The rows (a0, a1, a2) and (b0, b1, b2) that take a point of the image to where the transformation moves it; `[batch]` each. */
function pointMap(
  params: Readonly<Record<'angle' | 'translateX' | 'translateY' | 'scale' | 'shearX' | 'shearY', Tensor>>,
  center: readonly [Tensor, Tensor],
): [readonly Tensor[], readonly Tensor[]] {
  const radians = (degrees: Tensor) => ops.multiply(degrees, -Math.PI / 180);
  const [turn, slantX, slantY] = [radians(params.angle), radians(params.shearX), radians(params.shearY)];
  const [cx, cy] = center;
  const [fromX, fromY] = [ops.subtract(cx, params.translateX), ops.subtract(cy, params.translateY)];
  const rest = ops.subtract(turn, slantY);
  const a = ops.divide(ops.cos(rest), ops.cos(slantY));
  const c = ops.negative(ops.divide(ops.sin(rest), ops.cos(slantY)));
  const b = ops.add(ops.multiply(a, ops.tan(slantX)), ops.sin(turn));
  const d = ops.subtract(ops.cos(turn), ops.multiply(c, ops.tan(slantX)));
  const row = (u: Tensor, v: Tensor, origin: Tensor) => {
    const [x, y] = [ops.multiply(u, params.scale), ops.multiply(v, params.scale)];
    return [x, y, ops.subtract(ops.subtract(origin, ops.multiply(x, fromX)), ops.multiply(y, fromY))];
  };
  return [row(d, ops.negative(b), cx), row(ops.negative(c), a, cy)];
}

/** Options of `affineTransform`. */
export interface AffineBoxesOptions extends BoxesOptions {
  /** Centre of rotation and scaling, as a share of the width. Default null: 0.5. */
  centerX?: TensorLike | null;
  /** Centre of rotation and scaling, as a share of the height. Default null: 0.5. */
  centerY?: TensorLike | null;
}
/**
 * The boxes, `(batch, boxes, 4)` or `(boxes, 4)`, that enclose those of an image which is turned by `angle` (degrees), moved by shares of
 * its size, scaled and sheared by `shearX` and `shearY` (degrees): one number of each, or one for each image. `height` and `width` are
 * those of the image in pixels.
 */
export function affineTransform(
  boxes: TensorLike,
  angle: TensorLike,
  translateX: TensorLike,
  translateY: TensorLike,
  scale: TensorLike,
  shearX: TensorLike,
  shearY: TensorLike,
  height: TensorLike,
  width: TensorLike,
  options: AffineBoxesOptions = {},
): Tensor {
  const where = 'affineTransform';
  checkOptions(where, options, ['centerX', 'centerY', 'boundingBoxFormat']);
  onlyCorners(where, options.boundingBoxFormat ?? 'xyxy');
  const first = toTensor(angle, null, where);
  const dtype = floatType(first.dtype);
  const read = (value: TensorLike) => {
    const tensor = toTensor(value, dtype, where);
    return tensor.ndim === 0 ? ops.reshape(tensor, [1]) : tensor;
  };
  const [w, h] = [ops.subtract(read(width), 1), ops.subtract(read(height), 1)];
  const params = {
    angle: read(first),
    scale: read(scale),
    shearX: read(shearX),
    shearY: read(shearY),
    translateX: ops.multiply(read(translateX), w),
    translateY: ops.multiply(read(translateY), h),
  };
  const center = [ops.multiply(read(options.centerX ?? 0.5), w), ops.multiply(read(options.centerY ?? 0.5), h)] as const;
  const given = castTo(toTensor(boxes, null, where), dtype);
  if (given.ndim !== 2 && given.ndim !== 3)
    throw new RangeError(`${where}: boxes must have shape (boxes, 4) or (batch, boxes, 4), received ${showShape(given.shape)}`);
  const batch = given.ndim === 3 ? given : ops.expandDims(given, 0);
  const [xs, ys] = pointMap(params, center);
  const maps = [...xs, ...ys].reduce<readonly number[]>((shape, entry) => broadcastShapes(shape, entry.shape, where), [1]);
  if (maps.length !== 1 || (maps[0] !== 1 && maps[0] !== batch.shape[0]))
    throw new RangeError(`${where}: ${showShape(maps)} transformations do not fit boxes of shape ${showShape(given.shape)}`);
  const [x1, y1, x2, y2] = columnsOf(where, batch);
  const points = [
    [x1, y1],
    [x2, y1],
    [x2, y2],
    [x1, y2],
  ] as const;
  const along = ([u, v, move]: readonly Tensor[]) => {
    const entry = (t: Tensor) => ops.reshape(t, [t.size, 1, 1]);
    return ops.concatenate(
      points.map(([x, y]) => ops.add(ops.add(ops.multiply(x, entry(u!)), ops.multiply(y, entry(v!))), entry(move!))),
      { axis: -1 },
    );
  };
  const [moved, lowered] = [along(xs), along(ys)];
  const least = { axis: -1, keepdims: true } as const;
  const result = joined([ops.min(moved, least), ops.min(lowered, least), ops.max(moved, least), ops.max(lowered, least)]);
  return given.ndim === 3 ? result : ops.squeeze(result, { axis: 0 });
}
