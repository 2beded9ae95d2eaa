// Formats of bounding boxes: four numbers each, in the last axis.
import { toTensor, type TensorLike } from '../../../core/convert.js';
import { castTo } from '../../../core/cast.js';
import { standardizeDType, type DTypeLike } from '../../../base/dtype.js';
import { checkOptions, didYouMean, show } from '../../../base/errors.js';
import { showShape } from '../../../base/shape.js';
import type { Tensor } from '../../../core/tensor.js';
import { isPlainObject } from '../../../base/tree.js';
import * as ops from '../../../ops/index.js';

/**
 * What the four numbers are: left, top, right, bottom (`xyxy`); the same with y first (`yxyx`); left, top, width, height (`xywh`); the
 * centre and the size (`center_xywh`, `center_yxhw`); `rel_`: as shares of the image's width and height.
 */
export type BoundingBoxFormat =
  | 'xyxy' | 'yxyx' | 'xywh' | 'center_xywh' | 'center_yxhw' | 'rel_xyxy' | 'rel_yxyx' | 'rel_xywh' | 'rel_center_xywh';
/** Boxes with labels, as layers of images take them; further entries stay as they are. */
export interface LabeledBoxes<T = TensorLike> {
  boxes: T;
  labels?: T;
}
/** Four columns, each with a last axis of size 1. */
export type Corners = readonly [Tensor, Tensor, Tensor, Tensor];

/** @internal The four numbers of each box. Throws when there are not four. */
export function columnsOf(where: string, boxes: Tensor): Corners {
  if (boxes.shape.at(-1) !== 4)
    throw new RangeError(`${where}: boxes must have 4 numbers in their last axis, received shape ${showShape(boxes.shape)}`);
  return ops.split(boxes, 4, { axis: -1 }) as unknown as Corners;
}
/** @internal Boxes of four columns. */
export const joined = (columns: Corners): Tensor => ops.concatenate(columns, { axis: -1 });

type Turn = (columns: Corners) => Corners;
const half = (x: Tensor): Tensor => ops.divide(x, 2);
const fromCenter = (x: Tensor, y: Tensor, w: Tensor, h: Tensor): Corners =>
  [ops.subtract(x, half(w)), ops.subtract(y, half(h)), ops.add(x, half(w)), ops.add(y, half(h))];
const between = (low: Tensor, high: Tensor): Tensor => ops.add(low, half(ops.subtract(high, low)));
/** From each absolute format to left, top, right, bottom, and back. */
const FORMATS: Record<'xyxy' | 'yxyx' | 'xywh' | 'center_xywh' | 'center_yxhw', { read: Turn; write: Turn }> = {
  xyxy: { read: (columns) => columns, write: (columns) => columns },
  yxyx: { read: ([y1, x1, y2, x2]) => [x1, y1, x2, y2], write: ([x1, y1, x2, y2]) => [y1, x1, y2, x2] },
  xywh: {
    read: ([x, y, w, h]) => [x, y, ops.add(x, w), ops.add(y, h)],
    write: ([x1, y1, x2, y2]) => [x1, y1, ops.subtract(x2, x1), ops.subtract(y2, y1)],
  },
  center_xywh: {
    read: ([x, y, w, h]) => fromCenter(x, y, w, h),
    write: ([x1, y1, x2, y2]) => [between(x1, x2), between(y1, y2), ops.subtract(x2, x1), ops.subtract(y2, y1)],
  },
  center_yxhw: {
    read: ([y, x, h, w]) => fromCenter(x, y, w, h),
    write: ([x1, y1, x2, y2]) => [between(y1, y2), between(x1, x2), ops.subtract(y2, y1), ops.subtract(x2, x1)],
  },
};
/** Relative formats by the absolute one that they are like. */
const NAMES: readonly string[] = [...Object.keys(FORMATS), 'rel_xyxy', 'rel_yxyx', 'rel_xywh', 'rel_center_xywh'];

/** A format by its name, in any case of letters. */
function formatOf(where: string, option: string, name: unknown): { absolute: keyof typeof FORMATS; relative: boolean } {
  const lower = typeof name === 'string' ? name.toLowerCase() : '';
  if (!NAMES.includes(lower))
    throw new TypeError(
      `${where}: ${option} must be one of ${NAMES.map(show).join(', ')}, received ${show(name)}${didYouMean(lower, NAMES)}`,
    );
  const relative = lower.startsWith('rel_');
  return { relative, absolute: (relative ? lower.slice(4) : lower) as keyof typeof FORMATS };
}

/** Options of `convertFormat`. */
export interface ConvertFormatOptions {
  /** Height of the image in pixels, which relative formats need. */
  height?: TensorLike | null;
  /** Width of the image in pixels, which relative formats need. */
  width?: TensorLike | null;
  /** Element type of the result. Default `'float32'`. */
  dtype?: DTypeLike;
}
/** @internal Boxes, not labelled ones, in another format. */
export function convertBoxes(
  where: string,
  boxes: TensorLike,
  source: string,
  target: string,
  { height = null, width = null, dtype = 'float32' }: ConvertFormatOptions = {},
): Tensor {
  const type = standardizeDType(dtype);
  const given = toTensor(boxes, null, where);
  if (given.shape.at(-1) !== 4)
    throw new RangeError(`${where}: boxes must have 4 numbers in their last axis, received shape ${showShape(given.shape)}`);
  const [from, to] = [formatOf(where, 'source', source), formatOf(where, 'target', target)];
  if ((from.relative || to.relative) && (height === null || width === null)) {
    throw new TypeError(
      `${where}: height and width are needed between ${show(source)} and ${show(target)}, received ${show(height)} and ${show(width)}`,
    );
  }
  const cast = castTo(given, type);
  if (from.absolute === to.absolute && from.relative === to.relative) return cast;
  const corners = FORMATS[from.absolute].read(columnsOf(where, cast));
  const [w, h] = from.relative === to.relative ? [null, null] : [toTensor(width!, type, where), toTensor(height!, type, where)];
  if (w === null || h === null) return joined(FORMATS[to.absolute].write(corners));
  // Sizes scale like places, so shares may be taken of either.
  if (from.relative) {
    const [x1, y1, x2, y2] = corners;
    return joined(FORMATS[to.absolute].write([ops.multiply(x1, w), ops.multiply(y1, h), ops.multiply(x2, w), ops.multiply(y2, h)]));
  }
  const written = FORMATS[to.absolute].write(corners);
  const across = to.absolute === 'yxyx' ? [h, w, h, w] : [w, h, w, h];
  return joined(written.map((column, i) => ops.divide(column, across[i]!)) as unknown as Corners);
}

/**
 * Boxes in another format, in float32 by default. An object with `boxes` comes back as a new one with them converted.
 * @throws when a relative format is converted without the size of the image.
 */
export function convertFormat<T extends LabeledBoxes>(
  boxes: T,
  source: BoundingBoxFormat | (string & {}),
  target: BoundingBoxFormat | (string & {}),
  options?: ConvertFormatOptions,
): T & { boxes: Tensor };
export function convertFormat(
  boxes: TensorLike,
  source: BoundingBoxFormat | (string & {}),
  target: BoundingBoxFormat | (string & {}),
  options?: ConvertFormatOptions,
): Tensor;
export function convertFormat(
  boxes: TensorLike | LabeledBoxes,
  source: string,
  target: string,
  options: ConvertFormatOptions = {},
): Tensor | LabeledBoxes {
  checkOptions('convertFormat', options, ['height', 'width', 'dtype']);
  if (!isPlainObject(boxes)) return convertBoxes('convertFormat', boxes as TensorLike, source, target, options);
  const labeled = boxes as unknown as LabeledBoxes;
  return { ...labeled, boxes: convertBoxes('convertFormat', labeled.boxes, source, target, options) };
}
