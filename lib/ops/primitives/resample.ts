// Sparse linear maps along an axis, of which resizing and separable filters are made.
import { defineOp, type Op } from '../../core/op.js';
import { input, output } from '../../core/program.js';
import { sizeOf, specOf, type Shape } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import { primitive } from './primitive.js';

/** A matrix whose rows are 0 outside of a band of `taps` columns. Its `key` tells it from all others. */
export class BandMatrix {
  readonly rows: number;

  /** `starts` holds the first column of each row's band, `weights` the entries of the bands, row by row. */
  constructor(
    readonly key: string,
    readonly columns: number,
    readonly taps: number,
    readonly starts: readonly number[],
    readonly weights: readonly number[],
  ) {
    this.rows = starts.length;
    if (weights.length !== this.rows * taps)
      throw new RangeError(`BandMatrix: ${weights.length} weights do not fit ${this.rows} rows of ${taps}`);
  }

  /** Attributes of calls are compared as JSON: the key stands for the whole matrix. */
  toJSON(): string {
    return this.key;
  }
}

interface ResampleAttrs {
  readonly [key: string]: number | boolean | BandMatrix;
  readonly axis: number;
  readonly matrix: BandMatrix;
  readonly transposed: boolean;
}
const replaced = (shape: Shape, axis: number, size: number): Shape => shape.map((d, i) => (i === axis ? size : d));

const op: Op<ResampleAttrs> = defineOp('resample', {
  infer: ([x], { axis, matrix, transposed }: ResampleAttrs) => {
    const [from, to] = transposed ? [matrix.rows, matrix.columns] : [matrix.columns, matrix.rows];
    if (x!.shape[axis] !== from)
      throw new RangeError(`resample: axis ${axis} of size ${x!.shape[axis]} does not fit a map of ${from} elements`);
    return [specOf(x!.dtype, replaced(x!.shape, axis, to))];
  },
  vjp: ([dy], { attrs: { axis, matrix, transposed } }) => [resample(dy!, matrix, axis, !transposed)],
  lower: ({ inputs: [x], attrs: { axis, matrix, transposed } }) => {
    const [outer, inner] = [sizeOf(x!.shape.slice(0, axis)), sizeOf(x!.shape.slice(axis + 1))];
    const ints = [outer, matrix.columns, inner, matrix.rows, matrix.taps, transposed ? 1 : 0, ...matrix.starts];
    return [{ kernel: 'resample', dtype: x!.dtype, operands: [input(0), output(0)], ints, floats: matrix.weights }];
  },
  cost: ({ inputs: [x], attrs: { axis, matrix } }) => (x!.size / x!.shape[axis]!) * matrix.rows * matrix.taps,
});

const sample = new BandMatrix('sample', 5, 3, [0, 2, 1, 2], [0.5, -1, 0.25, 1, 2, 0.75, 0.3, 0.3, 0.4, -0.5, 0, 1]);
/** The elements along an axis multiplied by a band matrix (`transposed`: by its transpose). float32 and float64. */
export const resample = primitive(op, [
  { inputs: [{ shape: [2, 5, 3] }], attrs: { axis: 1, matrix: sample, transposed: false } },
  { inputs: [{ shape: [4, 7] }], attrs: { axis: 0, matrix: sample, transposed: true } },
], (run) => (x: Tensor, matrix: BandMatrix, axis: number, transposed = false): Tensor => run([x], { axis, matrix, transposed }));
