// The matrix product.
import { defineOp, type Op } from '../../core/op.js';
import { input, output } from '../../core/program.js';
import type { Shape, Spec } from '../../base/shape.js';
import { broadcastShapes, broadcastStrides, showShape, specOf, stridesOf } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import { primitive } from './primitive.js';
import { sumTo } from './broadcast.js';
import { transpose } from './shape.js';

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
      throw new RangeError(
        `matmul: shapes ${showShape(a!.shape)} and ${showShape(b!.shape)} do not fit: inner sizes ${left.columns} and ${right.rows} differ`,
      );
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

interface PermutedAttrs {
  readonly [key: string]: readonly number[];
  /** The order in which the axes of the first input are read: the batch, the rows, the columns. */
  readonly permA: readonly number[];
  readonly permB: readonly number[];
}
const permuted = (spec: Spec, perm: readonly number[]): Spec => specOf(spec.dtype, perm.map((axis) => spec.shape[axis]!));
const inverse = (perm: readonly number[]): number[] => perm.map((_, i) => perm.indexOf(i));
/** The order with its last two entries exchanged. */
const swapped = (perm: readonly number[]): number[] => [...perm.slice(0, -2), perm.at(-1)!, perm.at(-2)!];
const identityOrder = (rank: number): number[] => Array.from({ length: rank }, (_, i) => i);
/** Whether an order swaps the last two axes and nothing else; null for other orders. */
const lastSwapped = (perm: readonly number[]): boolean | null =>
  perm.every((axis, i) => axis === i) ? false : swapped(perm).every((axis, i) => axis === i) ? true : null;

const permutedOp: Op<PermutedAttrs> = defineOp('matmul_permuted', {
  infer: ([a, b], { permA, permB }: PermutedAttrs) =>
    op.infer([permuted(a!, permA), permuted(b!, permB)], { transposeA: false, transposeB: false }),
  vjp: ([dy], { inputs: [a, b], attrs: { permA, permB } }) => {
    const own = identityOrder(dy!.ndim);
    const gradient = (dx: Tensor, x: Tensor, perm: readonly number[]) =>
      transpose(
        sumTo(
          dx,
          perm.map((axis) => x.shape[axis]!),
        ),
        inverse(perm),
      );
    return [
      gradient(matmulPermuted(dy!, own, b!, swapped(permB)), a!, permA),
      gradient(matmulPermuted(a!, swapped(permA), dy!, own), b!, permB),
    ];
  },
  lower: ({ inputs: [a, b], outputs: [y], attrs: { permA, permB } }) => {
    const rank = y!.shape.length;
    const strides = (
      [
        [a, permA],
        [b, permB],
      ] as const
    ).map(([spec, perm]) => {
      const own = stridesOf(spec!.shape);
      const read = perm.map((axis) => (spec!.shape[axis] === 1 ? 0 : own[axis]!));
      return [...new Array<number>(rank - perm.length).fill(0), ...read];
    }) as [number[], number[]];
    const [m, n] = y!.shape.slice(-2) as [number, number];
    const batch = batchOf(y!.shape);
    const matrices = strides.flatMap((read) => read.slice(-2));
    const ints = [
      m,
      n,
      a!.shape[permA.at(-1)!]!,
      ...matrices,
      batch.length,
      ...batch.flatMap((size, i) => [size, strides[0][i]!, strides[1][i]!]),
    ];
    return [{ kernel: 'matmul', dtype: a!.dtype, operands: [input(0), input(1), output(0)], ints }];
  },
  cost: ({ inputs: [a], outputs: [y], attrs: { permA } }) => y!.size * a!.shape[permA.at(-1)!]!,
  takesEpilogue: true,
});
/** `matmul` of inputs whose axes are read in other orders, without moving them. */
export const matmulPermuted = primitive(permutedOp, [
  { inputs: [{ shape: [2, 3, 4] }, { shape: [5, 3, 4] }], attrs: { permA: [1, 0, 2], permB: [1, 2, 0] } },
  { inputs: [{ shape: [3, 2, 1, 4] }, { shape: [4, 5, 3] }], attrs: { permA: [1, 2, 0, 3], permB: [2, 0, 1] } },
], (run) => (a: Tensor, permA: readonly number[], b: Tensor, permB: readonly number[]): Tensor => {
  const [swapA, swapB] = [permA, permB].map(lastSwapped) as [boolean | null, boolean | null];
  return swapA === null || swapB === null ? run([a, b], { permA, permB }) : matmul(a, b, swapA, swapB);
});
