// Random rectangles in images, for the layers that cut them out.
import type { DType } from '../../../base/dtype.js';
import type { Tensor } from '../../../core/tensor.js';
import * as ops from '../../../ops/index.js';
import * as random from '../../../random/index.js';
import type { DataFormat } from '../../base/data-format.js';
import type { DrawnImages } from '../image-layer.js';

/** From where to where, `[batch]` each. */
export interface Span {
  readonly start: Tensor;
  readonly end: Tensor;
}
/** Spans of a length that is `share`, `[batch]`, of `size`, anywhere within it. */
export function drawSpans(share: Tensor, size: number, dtype: DType, seed: random.Seed): Span {
  const length = ops.cast(ops.multiply(share, size), dtype);
  const start = ops.multiply(random.uniform(share.shape, { dtype, seed }), ops.subtract(size, length));
  return { start, end: ops.add(start, length) };
}
/** True for the pixels that lie within both spans, in the shape of the images. */
export function insideOf(x: Span, y: Span, images: DrawnImages, format: DataFormat, dtype: DType): Tensor {
  const { count, height, width, channels } = images;
  const last = format === 'channels_last';
  const within = ({ start, end }: Span, size: number, shape: readonly number[]) => {
    const place = ops.reshape(ops.arange(size, { dtype }), shape);
    const entry = (edge: Tensor) => ops.reshape(edge, [-1, 1, 1, 1]);
    return ops.logicalAnd(ops.greaterEqual(place, entry(start)), ops.less(place, entry(end)));
  };
  const across = within(x, width, last ? [1, 1, width, 1] : [1, 1, 1, width]);
  const down = within(y, height, last ? [1, height, 1, 1] : [1, 1, height, 1]);
  const shape = last ? [count, height, width, channels] : [count, channels, height, width];
  return ops.broadcastTo(ops.logicalAnd(across, down), shape);
}
