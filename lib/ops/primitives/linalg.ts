// Triangular factors, linear systems and determinants. Matrices are the last two axes, axes before them a batch that all inputs share.
// Gradients are in closed form: Giles, "Collected matrix derivative results for forward and reverse mode algorithmic
// differentiation" (2008), and where noted.

import { castTo } from '../../core/cast.js';
import { defineOp, type Op } from '../../core/op.js';
import { specOf } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import { add, equal, isfinite, logicalAnd, multiply, negative, reciprocal, select, subtract } from './elementwise.js';
import { gatherAlong, scatterAddAlong } from './gather.js';
import { matmul } from './matmul.js';
import {
  batchOf,
  block,
  columnOf,
  diagonalMatrix,
  diagonalPart,
  identityLike,
  instruction,
  lowerPart,
  matrixOf,
  sizes,
  symmetric,
  transposed,
  upperPart,
} from './matrices.js';
import { constant, primitive, primitives, type Sample } from './primitive.js';
import { min, prod } from './reduce.js';
import { broadcastTo } from './broadcast.js';
import { embed, iota, reshape, slice, zerosLike } from './shape.js';

type Empty = Readonly<Record<string, never>>;
const choleskyOp: Op<Empty> = defineOp('cholesky', {
  infer: ([x]) => [x!],
  // Murray, "Differentiation of the Cholesky decomposition" (2016): L^-T P L^-1, with P the lower half of L' dL, made symmetric.
  vjp: ([dy], { outputs: [l] }) => {
    const product = matmul(l!, dy!, true, false);
    const half = subtract(lowerPart(product), multiply(constant(0.5, product), diagonalMatrix(diagonalPart(product))));
    const left = triangularSolve(l!, half, { lower: true, transpose: true });
    return [symmetric(triangularSolve(l!, transposed(left), { lower: true, transpose: true }))];
  },
  lower: (call) => instruction('cholesky', call, sizes(call.inputs[0]!).slice(0, 2)),
  cost: ({ inputs: [x] }) => (x!.size * x!.shape.at(-1)!) / 3,
});
/** The lower triangular L with L L' = (x + x') / 2; its triangle is NaN where that is not positive definite. */
export const cholesky = primitive(
  choleskyOp,
  [{ inputs: [{ shape: [4, 4], kind: 'definite' }] }, { inputs: [{ shape: [2, 3, 3], kind: 'definite' }] }],
  (run) =>
    (x: Tensor): Tensor =>
      run([x]),
);

interface TriangularAttrs {
  readonly [key: string]: boolean;
  readonly lower: boolean;
  readonly transpose: boolean;
  readonly unit: boolean;
}
const triangularOp: Op<TriangularAttrs> = defineOp('triangular_solve', {
  infer: ([, b], _: TriangularAttrs) => [b!],
  vjp: ([dx], { inputs: [a], outputs: [x], attrs }) => {
    const db = triangularSolve(a!, dx!, { ...attrs, transpose: !attrs.transpose });
    const whole = negative(attrs.transpose ? matmul(x!, db, false, true) : matmul(db, x!, false, true));
    const edge = attrs.unit ? 1 : 0;
    return [attrs.lower ? lowerPart(whole, -edge) : upperPart(whole, edge), db];
  },
  lower: (call) => {
    const [count, n, columns] = sizes(call.inputs[1]!);
    const { lower, transpose, unit } = call.attrs;
    return instruction('triangular_solve', call, [count, n, columns, Number(lower), Number(transpose), Number(unit)]);
  },
  cost: ({ inputs: [a, b] }) => (b!.size * a!.shape.at(-1)!) / 2,
});
const REGULAR: Sample = { shape: [4, 4], kind: 'regular' };
/**
 * The solution x of `a x = b`, or of `a' x = b` with `transpose`, for the triangle of `a` that `lower` names; `unit` takes its diagonal as
 * ones.
 */
export const triangularSolve = primitive(
  triangularOp,
  [
    { inputs: [REGULAR, { shape: [4, 3] }], attrs: { lower: true, transpose: false, unit: false } },
    { inputs: [REGULAR, { shape: [4, 3] }], attrs: { lower: false, transpose: true, unit: false } },
    { inputs: [{ ...REGULAR, shape: [2, 4, 4] }, { shape: [2, 4, 1] }], attrs: { lower: false, transpose: false, unit: true } },
    { inputs: [REGULAR, { shape: [4, 1] }], attrs: { lower: true, transpose: true, unit: false } },
  ],
  (run) =>
    (a: Tensor, b: Tensor, { lower, transpose = false, unit = false }: { lower: boolean; transpose?: boolean; unit?: boolean }): Tensor =>
      run([a, b], { lower, transpose, unit }),
);

const solveOp: Op<Empty> = defineOp('solve', {
  infer: ([, b]) => [b!],
  vjp: ([dx], { inputs: [a], outputs: [x] }) => {
    const db = solve(transposed(a!), dx!);
    return [negative(matmul(db, x!, false, true)), db];
  },
  lower: (call) => instruction('solve', call, sizes(call.inputs[1]!)),
  cost: ({ inputs: [a, b] }) => a!.shape.at(-1)! * (b!.size + a!.size / 3),
});
/** The solution x of `a x = b` by LU with partial pivoting. */
export const solve = primitive(
  solveOp,
  [{ inputs: [REGULAR, { shape: [4, 3] }] }, { inputs: [{ ...REGULAR, shape: [2, 3, 3] }, { shape: [2, 3, 1] }] }],
  (run) =>
    (a: Tensor, b: Tensor): Tensor =>
      run([a, b]),
);

/** The matrices with their rows in the order of `permutation`. */
export const permuteRows = (x: Tensor, permutation: Tensor): Tensor =>
  gatherAlong(x, broadcastTo(columnOf(permutation), x.shape), x.ndim - 2);

/** `x` laid at (`at`, `at`) into square zero matrices. */
function placed(x: Tensor, size: number, at: number): Tensor {
  const lead = batchOf(x.shape);
  return embed(x, [...lead, size, size], [...lead.map(() => 0), at, at], [...lead.map(() => 1), 1, 1], 0);
}
/** Square matrices made larger by an identity in the corner, from row `known` on. */
function grown(x: Tensor, size: number, known: number): Tensor {
  if (size === known) return x;
  const wide = placed(x, size, 0);
  return add(wide, placed(identityLike(block(zerosLike(wide), 0, 0, size - known, size - known)), size, known));
}
const luOp: Op<Empty> = defineOp('lu', {
  infer: ([x]) => {
    const [m, n] = matrixOf(x!.shape);
    const lead = batchOf(x!.shape);
    return [x!, specOf('int32', [...lead, Math.min(m, n)]), specOf('int32', [...lead, m])];
  },
  // With L and U made square, dL = L tril(S, -1) and dU = triu(S) U for S = L^-1 P dA U^-1.
  vjp: ([dy], { outputs: [lu, , permutation] }) => {
    const [m, n] = matrixOf(lu!.shape);
    const k = Math.min(m, n);
    const l = grown(block(lowerPart(lu!, -1), 0, 0, m, k), m, k);
    const u = grown(block(upperPart(lu!), 0, 0, k, n), n, k);
    const unitL = add(lowerPart(l, -1), identityLike(l));
    const ds = add(lowerPart(matmul(unitL, dy!, true, false), -1), upperPart(matmul(dy!, u, false, true)));
    const left = triangularSolve(l, ds, { lower: true, transpose: true, unit: true });
    const dx = transposed(triangularSolve(u, transposed(left), { lower: false }));
    return [scatterAddAlong(zerosLike(dx), broadcastTo(columnOf(permutation!), dx.shape), dx, dx.ndim - 2)];
  },
  lower: (call) => instruction('lu', call, sizes(call.inputs[0]!)),
  cost: ({ inputs: [x] }) => x!.size * Math.min(...matrixOf(x!.shape)),
});
/**
 * LU with partial pivoting: L (its diagonal of ones left out) and U in one matrix, the row that each step exchanged with its own,
 * and the order of the rows that results, both int32.
 */
export const lu = primitives(luOp, [
  { inputs: [REGULAR] }, { inputs: [{ ...REGULAR, shape: [2, 5, 3] }] }, { inputs: [{ ...REGULAR, shape: [3, 5] }] },
], (run) => (x: Tensor): Tensor[] => run([x]));

/** The matrices of cofactors, det(x) x^-T, finite also where one singular value is 0 (as JAX's `_cofactor_solve`). */
function cofactors(x: Tensor): Tensor {
  const n = x.shape.at(-1)!;
  const [factors, pivots, permutation] = lu(x) as [Tensor, Tensor, Tensor];
  const one = constant(1, x);
  const signs = select(equal(pivots, iota(n, 'int32')), one, constant(-1, x));
  const diagonal = diagonalPart(factors);
  const last = x.ndim - 2;
  const partial = multiply(prod(signs, last), prod(slice(diagonal, diagonal.shape.map(() => 0), [...batchOf(x.shape), n - 1]), last));
  const [scale, whole] = [
    partial,
    multiply(partial, reshape(slice(diagonal, [...batchOf(x.shape).map(() => 0), n - 1], [...batchOf(x.shape), 1]), partial.shape)),
  ].map((t) => columnOf(columnOf(t))) as [Tensor, Tensor];
  // The last pivot, which may be 0, is taken out of the division: its reciprocal times the determinant is the product of the others.
  const corner = equal(reshape(iota(n, 'int32'), [n, 1]), constant(n - 1, pivots));
  const lastColumn = equal(iota(n, 'int32'), constant(n - 1, pivots));
  const upper = select(logicalAnd(corner, lastColumn), reciprocal(scale), upperPart(factors));
  const right = triangularSolve(factors, permuteRows(identityLike(x), permutation), { lower: true, unit: true });
  const weighted = multiply(right, select(corner, one, whole));
  const probe = triangularSolve(upper, columnOf(broadcastTo(one, diagonal.shape)), { lower: false });
  const regular = equal(min(castTo(isfinite(probe), x.dtype), last, 2), one);
  const finite = columnOf(columnOf(regular));
  const safe = select(finite, upper, identityLike(x));
  return select(finite, transposed(triangularSolve(safe, weighted, { lower: false })), constant(0, x));
}
const determinantOp: Op<Empty> = defineOp('determinant', {
  infer: ([x]) => [specOf(x!.dtype, batchOf(x!.shape))],
  vjp: ([dy], { inputs: [x] }) => [multiply(columnOf(columnOf(dy!)), cofactors(x!))],
  lower: (call) => instruction('determinant', call, sizes(call.inputs[0]!).slice(0, 2)),
  cost: ({ inputs: [x] }) => (x!.size * x!.shape.at(-1)!) / 3,
});
/** Determinants of square matrices with at least two rows. */
export const determinant = primitive(
  determinantOp,
  [{ inputs: [REGULAR] }, { inputs: [{ ...REGULAR, shape: [2, 3, 3] }] }],
  (run) =>
    (x: Tensor): Tensor =>
      run([x]),
);

const slogdetOp: Op<Empty> = defineOp('slogdet', {
  infer: ([x]) => {
    const spec = specOf(x!.dtype, batchOf(x!.shape));
    return [spec, spec];
  },
  vjp: ([, dlog = null], { inputs: [x] }) => [dlog && multiply(columnOf(columnOf(dlog)), transposed(solve(x!, identityLike(x!))))],
  lower: (call) => instruction('slogdet', call, sizes(call.inputs[0]!).slice(0, 2)),
  cost: ({ inputs: [x] }) => (x!.size * x!.shape.at(-1)!) / 3,
});
/** Signs of the determinants and logarithms of their sizes. */
export const slogdet = primitives(
  slogdetOp,
  [{ inputs: [REGULAR] }, { inputs: [{ ...REGULAR, shape: [2, 3, 3] }] }],
  (run) =>
    (x: Tensor): Tensor[] =>
      run([x]),
);
