// ContrastLimitedAdaptiveHistogramEqualization: the contrast of each part of an image spread over the whole range.
import type { OptionsOf } from '../../../config/configurable.js';
import { float, withDefault } from '../../../config/fields.js';
import type { Tensor } from '../../../core/tensor.js';
import * as ops from '../../../ops/index.js';
import { sizes } from '../../base/spatial-fields.js';
import { imageLayer, type ImageLayerOptions } from '../image-layer.js';
import { valueRange } from './fields.js';
import { BYTES, changeRange } from './value-ranges.js';

const schema = {
  /** The least and the greatest value of pixels. */
  valueRange: valueRange(),
  /** How many times the mean count a value may have in a tile; what is above it is shared by all values. 0: no limit. */
  clipLimit: withDefault(float(), 4),
  /** Tiles, down and across. */
  tileGridSize: withDefault(sizes(2), [8, 8]),
} as const;

/** Options of `ContrastLimitedAdaptiveHistogramEqualization`. */
export type ContrastLimitedAdaptiveHistogramEqualizationOptions = OptionsOf<typeof schema> & ImageLayerOptions;

const LEVELS = 256;

/**
 * Equalizes the histogram of each tile of an image, so that its values are spread evenly over the range, and blends the results of
 * neighbouring tiles (S. Pizer et al., 1987). In inference too. Values are taken as 256 whole levels.
 *
 * ```ts
 * new keras.layers.ContrastLimitedAdaptiveHistogramEqualization({ clipLimit: 2 });
 * ```
 */
export class ContrastLimitedAdaptiveHistogramEqualization extends imageLayer('ContrastLimitedAdaptiveHistogramEqualization', schema) {
  static readonly samples = [
    { args: [{ valueRange: [-3, 3], tileGridSize: [2, 3] }], inputs: [[2, 6, 7, 3]] },
    { args: [{ valueRange: [-3, 3], clipLimit: 0, tileGridSize: [2, 2], dataFormat: 'channels_first' }], inputs: [[2, 1, 5, 4]] },
  ];
  protected override readonly alwaysTransforms = true;

  protected override applyToImages(images: Tensor): Tensor {
    const first = this.dataFormat === 'channels_first';
    const last = first ? ops.transpose(images, [0, 2, 3, 1]) : images;
    const bytes = ops.cast(changeRange(last, this.config.valueRange, BYTES), 'float32');
    const result = ops.cast(changeRange(this.equalized(bytes), BYTES, this.config.valueRange), images.dtype);
    return first ? ops.transpose(result, [0, 3, 1, 2]) : result;
  }

  private equalized(images: Tensor): Tensor {
    const [batch, height, width, channels] = images.shape as [number, number, number, number];
    const [rows, columns] = this.config.tileGridSize as [number, number];
    const tile = { height: Math.ceil(height / rows), width: Math.ceil(width / columns) };
    const [below, beside] = [tile.height * rows - height, tile.width * columns - width];
    const padded = below + beside === 0 ? images : ops.pad(images, [[0, 0], [0, below], [0, beside], [0, 0]], { mode: 'symmetric' });
    const levels = ops.clip(ops.cast(padded, 'int32'), 0, LEVELS - 1);
    const tiles = ops.transpose(ops.reshape(levels, [batch, rows, tile.height, columns, tile.width, channels]), [0, 1, 3, 5, 2, 4]);
    const shares = this.cumulated(ops.reshape(tiles, [batch * rows * columns * channels, tile.height * tile.width]));
    const grid = ops.reshape(shares, [batch, rows, columns, channels, LEVELS]);
    const [down, across] = [neighbours(tile.height, rows), neighbours(tile.width, columns)];
    const blended = blend(grid, levels, down, across);
    return ops.slice(blended, [0, 0, 0, 0], images.shape);
  }

  /** For each row of levels, what each level becomes: its share of the row that is not above it, from 0 to 255. */
  private cumulated(rows: Tensor): Tensor {
    const [count, size] = rows.shape as [number, number];
    const ids = ops.add(rows, ops.multiply(ops.reshape(ops.arange(count, { dtype: 'int32' }), [count, 1]), LEVELS));
    const ones = ops.ones([count * size]);
    const counts = ops.reshape(ops.segmentSum(ones, ops.reshape(ids, [-1]), { numSegments: count * LEVELS }), [count, LEVELS]);
    const sums = ops.cumsum(this.limited(counts, size), { axis: -1 });
    const least = ops.slice(sums, [0, 0], [count, 1]);
    const span = ops.subtract(size, least);
    const spread = ops.divide(ops.multiply(ops.subtract(sums, least), 255), ops.where(ops.equal(span, 0), 1, span));
    return ops.clip(spread, ...BYTES);
  }
  private limited(counts: Tensor, size: number): Tensor {
    const { clipLimit } = this.config;
    if (clipLimit <= 0) return counts;
    const cut = ops.clip(counts, 0, (clipLimit * size) / LEVELS);
    return ops.add(cut, ops.divide(ops.sum(ops.subtract(counts, cut), { axis: -1, keepdims: true }), LEVELS));
  }
}

/**
 * What the tiles around each pixel make of its level, weighed by their distance. `grid` has what becomes of each level:
 * `[batch, rows, columns, channels, levels]`.
 */
function blend(grid: Tensor, levels: Tensor, down: Neighbours, across: Neighbours): Tensor {
  const [batch, rows, columns, channels] = grid.shape as [number, number, number, number];
  // A frame of the outermost tiles, so that every pixel has four neighbouring tiles.
  const framed = ops.take(ops.take(grid, framedPlaces(rows), { axis: 1 }), framedPlaces(columns), { axis: 2 });
  const table = ops.reshape(framed, [framed.size]);
  const strides = [(rows + 2) * (columns + 2) * channels, (columns + 2) * channels, channels, 1].map((stride) => stride * LEVELS);
  const spread = (entries: Tensor, axis: number) => ops.reshape(entries, [0, 1, 2, 3].map((i) => (i === axis ? -1 : 1)));
  const along = (places: Tensor, axis: number, stride: number) => spread(ops.multiply(places, strides[stride]!), axis);
  const range = (count: number) => ops.arange(count, { dtype: 'int32' });
  const base = ops.add(ops.add(along(range(batch), 0, 0), along(range(channels), 3, 3)), levels);
  const value = (y: Tensor, x: Tensor) => ops.take(table, ops.add(ops.add(base, along(y, 1, 1)), along(x, 2, 2)));
  const between = (a: Tensor, b: Tensor, weight: Tensor) => ops.add(ops.multiply(a, ops.subtract(1, weight)), ops.multiply(b, weight));
  const line = (y: Tensor) => between(value(y, across.before), value(y, across.after), spread(across.weight, 2));
  return between(line(down.before), line(down.after), spread(down.weight, 1));
}
/** The places 0, 0, 1, …, count - 1, count - 1. */
const framedPlaces = (count: number): number[] => [0, ...Array.from({ length: count }, (_, i) => i), count - 1];
/** For each pixel along an axis the framed tiles before and after it, and the weight of the latter. */
interface Neighbours {
  readonly before: Tensor;
  readonly after: Tensor;
  readonly weight: Tensor;
}
function neighbours(tile: number, tiles: number): Neighbours {
  const place = ops.add(ops.divide(ops.subtract(ops.arange(tile * tiles, { dtype: 'float32' }), tile / 2), tile), 1);
  const floor = ops.floor(place);
  const inside = (at: Tensor) => ops.cast(ops.clip(at, 0, tiles + 1), 'int32');
  return { before: inside(floor), after: inside(ops.add(floor, 1)), weight: ops.subtract(place, floor) };
}
