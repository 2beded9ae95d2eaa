// Affine transformations of images, as the layers that rotate, move, zoom and shear need them.
import type { Tensor } from '../../../core/tensor.js';
import * as ops from '../../../ops/index.js';
import { columnsOf, joined } from '../bounding-boxes/formats.js';

/** One number for each image, `[batch, 1]`; numbers stand for all images. */
type Entry = Tensor | number;
/** The rows `a0 a1 a2 b0 b1 b2 0 0` of `ops.image.affineTransform`. */
export function affineRows(...entries: readonly [Entry, Entry, Entry, Entry, Entry, Entry]): Tensor {
  const [like] = entries.filter((entry) => typeof entry !== 'number');
  const columns = [...entries, 0, 0].map((entry) => (typeof entry === 'number' ? ops.fullLike(like!, entry) : entry));
  return ops.concatenate(columns, { axis: 1 });
}
/** Boxes `[batch, boxes, 4]`, left, top, right, bottom, whose places along x and y are mapped. */
export function mappedBoxes(boxes: Tensor, alongX: (x: Tensor) => Tensor, alongY: (y: Tensor) => Tensor): Tensor {
  const [x1, y1, x2, y2] = columnsOf('boxes', boxes);
  return joined([alongX(x1), alongY(y1), alongX(x2), alongY(y2)]);
}
