// The matrix product.
import { defineOp, type Op } from '../../core/op.js';
import { input, output } from '../../core/program.js';
import type { Shape, Spec } from '../../core/shape.js';
import { broadcastShapes, broadcastStrides, showShape, specOf } from '../../core/shape.js';
import type { Tensor } from '../../core/tensor.js';
import { primitive } from './primitive.js';
import { sumTo } from './shape.js';

interface MatmulAttrs {
  readonly [key: string]: boolean;
  /** Read the last two axes of the first input swapped. */
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** Rows, columns, inner size and strides of one operand's matrices. */
function matrix(spec: Spec, transposed: boolean) {
  const [rows, columns] = spec.shape.slice(-2) as [number, number];
  return transposed ? { rows: columns, columns: rows, rs: 1, cs: columns } : { rows, columns, rs: columns, cs: 1 };
}
const batchOf = (shape: Shape): Shape => shape.slice(0, -2);

function batchStrides(shape: Shape, target: Shape): number[] {
  const [rows, columns] = shape.slice(-2) as [number, number];
  return broadcastStrides(batchOf(shape), target).map((stride) => stride * rows * columns);
}

const op: Op<MatmulAttrs> = defineOp('matmul', {
  infer: ([a, b], { transposeA, transposeB }: MatmulAttrs) => {
    const left = matrix(a!, transposeA);
    const right = matrix(b!, transposeB);
    if (left.columns !== right.rows || a!.dtype !== b!.dtype) {
      throw new RangeError(`matmul: shapes ${showShape(a!.shape)} and ${showShape(b!.shape)} do not fit: inner sizes ${left.columns} and ${right.rows} differ`);
    }
    return [specOf(a!.dtype, [...broadcastShapes(batchOf(a!.shape), batchOf(b!.shape), 'matmul'), left.rows, right.columns])];
  },
  vjp: ([dy], { inputs: [a, b], attrs: { transposeA, transposeB } }) => {
    const da = transposeA ? matmul(b!, dy!, transposeB, true) : matmul(dy!, b!, false, !transposeB);
    const db = transposeB ? matmul(dy!, a!, true, transposeA) : matmul(a!, dy!, !transposeA, false);
    return [sumTo(da, a!.shape), sumTo(db, b!.shape)];
  },
  lower: ({ inputs: [a, b], outputs: [y], attrs: { transposeA, transposeB } }) => {
    const left = matrix(a!, transposeA);
    const right = matrix(b!, transposeB);
    const batch = batchOf(y!.shape);
    const aStrides = batchStrides(a!.shape, batch);
    const bStrides = batchStrides(b!.shape, batch);
    const ints = [
      left.rows, right.columns, left.columns, left.rs, left.cs, right.rs, right.cs,
      batch.length, ...batch.flatMap((size, i) => [size, aStrides[i]!, bStrides[i]!]),
    ];
    return [{ kernel: 'matmul', dtype: a!.dtype, operands: [input(0), input(1), output(0)], ints }];
  },
  cost: ({ inputs: [a], outputs: [y], attrs: { transposeA } }) => y!.size * matrix(a!, transposeA).columns,
  takesEpilogue: true,
});

const cases = [[false, false], [true, false], [false, true], [true, true]] as const;
/** Products of the matrices in the last two axes; axes before them broadcast. */
export const matmul = primitive(op, [
  ...cases.map(([transposeA, transposeB]) => ({
    inputs: [{ shape: transposeA ? [4, 3] : [3, 4] }, { shape: transposeB ? [5, 4] : [4, 5] }],
    attrs: { transposeA, transposeB },
  })),
  { inputs: [{ shape: [2, 1, 3, 4] }, { shape: [5, 4, 2] }], attrs: { transposeA: false, transposeB: false } },
], (run) => (a: Tensor, b: Tensor, transposeA = false, transposeB = false): Tensor => run([a, b], { transposeA, transposeB }));
