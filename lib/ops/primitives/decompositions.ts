// Orthogonal factorisations: QR, eigenvectors of symmetric matrices, singular values. Matrices are the last two axes.
import { defineOp, type Op } from '../../core/op.js';
import { input, output } from '../../core/program.js';
import { specOf } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import { add, divide, multiply, negative, reciprocal, subtract } from './elementwise.js';
import { solve, triangularSolve } from './linalg.js';
import { matmul } from './matmul.js';
import {
  batchOf,
  block,
  columnOf,
  diagonalMatrix,
  identityLike,
  instruction,
  lowerPart,
  matrixOf,
  sizes,
  symmetric,
  transposed,
} from './matrices.js';
import { primitive, primitives } from './primitive.js';
import { concatenate, reshape, zerosLike } from './shape.js';

const rowOf = (x: Tensor): Tensor => reshape(x, [...x.shape.slice(0, -1), 1, x.shape.at(-1)!]);
const orZeros = (gradient: Tensor | null | undefined, like: Tensor): Tensor => gradient ?? zerosLike(like);
const total = (...parts: readonly (Tensor | null)[]): Tensor | null =>
  parts.filter((part) => part !== null).reduce<Tensor | null>((a, b) => (a === null ? b : add(a, b)), null);
/** Columns from `start` on. */
const columnsFrom = (x: Tensor, start: number, count: number): Tensor => block(x, 0, start, x.shape.at(-2)!, count);
const rowsFrom = (x: Tensor, start: number, count: number): Tensor => block(x, start, 0, count, x.shape.at(-1)!);

/**
 * The gradient of a matrix with at least as many rows as columns, from those of its Q and R: (dQ + Q copyltu(M)) R^-T with
 * M = R dR' - dQ' Q, where copyltu mirrors the lower triangle (Walter & Lehmann, "Algorithmic differentiation of linear algebra functions",
 * 2018).
 */
function thinQr(q: Tensor, r: Tensor, dq: Tensor, dr: Tensor): Tensor {
  const m = subtract(matmul(r, dr, false, true), matmul(dq, q, true, false));
  const mirrored = add(lowerPart(m), transposed(lowerPart(m, -1)));
  return transposed(triangularSolve(r, transposed(add(dq, matmul(q, mirrored))), { lower: false }));
}
/**
 * The gradient of the first `n` columns of a square Q, from that of all: Q = I - V T V', so with Z = Q21 (Q11 - I)^-1 the other
 * columns are those of the identity plus (Q1 - I1) Z'.
 */
function throughCompletion(q: Tensor, dq: Tensor, n: number): Tensor {
  const m = q.shape.at(-1)!;
  const rest = m - n;
  const reflected = subtract(columnsFrom(q, 0, n), columnsFrom(identityLike(q), 0, n));
  const [top, bottom] = [rowsFrom(reflected, 0, n), rowsFrom(reflected, n, rest)];
  const topT = transposed(top);
  const z = transposed(solve(topT, transposed(bottom)));
  const others = columnsFrom(dq, n, rest);
  const dz = matmul(others, reflected, true, false);
  const dBottom = transposed(solve(top, transposed(dz)));
  const dTop = negative(matmul(z, dBottom, true, false));
  return add(columnsFrom(dq, 0, n), add(matmul(others, z), concatenate([dTop, dBottom], q.ndim - 2)));
}
const qrOp: Op<{ complete: boolean }> = defineOp('qr', {
  infer: ([x], { complete }: { complete: boolean }) => {
    const [m, n] = matrixOf(x!.shape);
    const k = complete ? m : Math.min(m, n);
    return [specOf(x!.dtype, [...batchOf(x!.shape), m, k]), specOf(x!.dtype, [...batchOf(x!.shape), k, n])];
  },
  vjp: ([dqGiven, drGiven], { inputs: [x], outputs: [q, r] }) => {
    const [m, n] = matrixOf(x!.shape);
    const [dq, dr] = [orZeros(dqGiven, q!), orZeros(drGiven, r!)];
    if (m < n) {
      // The columns beyond the square are Q R2.
      const dr2 = columnsFrom(dr, m, n - m);
      const dqAll = add(dq, matmul(columnsFrom(x!, m, n - m), dr2, false, true));
      return [concatenate([thinQr(q!, columnsFrom(r!, 0, m), dqAll, columnsFrom(dr, 0, m)), matmul(q!, dr2)], x!.ndim - 1)];
    }
    if (q!.shape.at(-1)! === n) return [thinQr(q!, r!, dq, dr)];
    return [thinQr(columnsFrom(q!, 0, n), rowsFrom(r!, 0, n), throughCompletion(q!, dq, n), rowsFrom(dr, 0, n))];
  },
  lower: (call) => instruction('qr', call, [...sizes(call.inputs[0]!), call.outputs[0]!.shape.at(-1)!]),
  cost: ({ inputs: [x] }) => 4 * x!.size * Math.min(...matrixOf(x!.shape)),
});
/**
 * Q with orthonormal columns and the upper triangular R with Q R = x: as many columns as x's smaller side, or with `complete` as x has
 * rows.
 */
export const qr = primitives(qrOp, [
  { inputs: [{ shape: [5, 3], kind: 'regular' }], attrs: { complete: false } },
  { inputs: [{ shape: [2, 3, 4], kind: 'regular' }], attrs: { complete: false } },
  { inputs: [{ shape: [5, 3], kind: 'regular' }], attrs: { complete: true } },
], (run) => (x: Tensor, complete = false): Tensor[] => run([x], { complete }));

/** 1 / (values_j - values_i), and 0 on the diagonal. */
function inverseGaps(values: Tensor): Tensor {
  const ones = identityLike(diagonalMatrix(values));
  return subtract(reciprocal(add(subtract(rowOf(values), columnOf(values)), ones)), ones);
}
const eighOp: Op = defineOp('eigh', {
  infer: ([x]) => [specOf(x!.dtype, x!.shape.slice(0, -1)), x!],
  vjp: ([dw = null, dv = null], { outputs: [w, v] }) => {
    const inner = total(dw && diagonalMatrix(dw), dv && multiply(inverseGaps(w!), matmul(v!, dv, true, false)))!;
    return [symmetric(matmul(matmul(v!, inner), v!, false, true))];
  },
  lower: (call) => instruction('eigh', call, sizes(call.inputs[0]!).slice(0, 2)),
  cost: ({ inputs: [x] }) => 9 * x!.size * x!.shape.at(-1)!,
});
/** Ascending eigenvalues and, as columns, orthonormal eigenvectors of (x + x') / 2. */
export const eigh = primitives(
  eighOp,
  [{ inputs: [{ shape: [4, 4], kind: 'definite' }] }, { inputs: [{ shape: [2, 3, 3], kind: 'definite' }] }],
  (run) =>
    (x: Tensor): Tensor[] =>
      run([x]),
);

/** The gradient from those of the reduced factors (Townsend, "Differentiating the singular value decomposition", 2016). */
function throughFactors([u, s, vt]: readonly [Tensor, Tensor, Tensor], du: Tensor | null, ds: Tensor | null, dvt: Tensor | null): Tensor {
  const gaps = () => {
    const squares = multiply(s, s);
    return inverseGaps(squares);
  };
  const skew = (product: Tensor) => multiply(gaps(), subtract(product, transposed(product)));
  const inner = total(
    ds && diagonalMatrix(ds),
    du && multiply(skew(matmul(u, du, true, false)), rowOf(s)),
    dvt && multiply(columnOf(s), skew(matmul(vt, dvt, false, true))),
  )!;
  // What leaves the spaces that the vectors span.
  const outside = (basis: Tensor, x: Tensor) => subtract(x, matmul(basis, matmul(basis, x, true, false)));
  const [m, n] = [u.shape.at(-2)!, vt.shape.at(-1)!];
  return total(
    matmul(matmul(u, inner), vt),
    m > n && du ? matmul(divide(outside(u, du), rowOf(s)), vt) : null,
    n > m && dvt ? matmul(u, divide(transposed(outside(transposed(vt), transposed(dvt))), columnOf(s))) : null,
  )!;
}
const svdOp: Op<{ full: boolean }> = defineOp('svd', {
  infer: ([x], { full }: { full: boolean }) => {
    const [m, n] = matrixOf(x!.shape);
    const k = Math.min(m, n);
    const spec = (...shape: number[]) => specOf(x!.dtype, [...batchOf(x!.shape), ...shape]);
    return [spec(m, full ? m : k), spec(k), spec(full ? n : k, n)];
  },
  vjp: ([du = null, ds = null, dvt = null], { inputs: [x], outputs: [u, s, vt], attrs: { full } }) => {
    const [m, n] = matrixOf(x!.shape);
    if (!full || m === n) return [throughFactors([u!, s!, vt!], du, ds, dvt)];
    if (du !== null || dvt !== null)
      throw new Error(
        'svd: singular vectors have a gradient only with fullMatrices: false, or for square matrices: the further vectors are not ' +
          'determined',
      );
    const k = Math.min(m, n);
    return [throughFactors([columnsFrom(u!, 0, k), s!, rowsFrom(vt!, 0, k)], null, ds, null)];
  },
  lower: ({ inputs: [x], attrs: { full } }) => {
    const [count, m, n] = sizes(x!);
    return [
      {
        kernel: 'svd',
        dtype: x!.dtype,
        operands: [input(0), output(1), output(0), output(2)],
        ints: [count, m, n, full ? Math.max(m, n) : Math.min(m, n)],
      },
    ];
  },
  cost: ({ inputs: [x] }) => 12 * x!.size * Math.min(...matrixOf(x!.shape)),
});
/** U, descending singular values s and V' with x = U diag(s) V'; U and V' square with `full`, else with as many vectors as values. */
export const svd = primitives(svdOp, [
  { inputs: [{ shape: [4, 4], kind: 'regular' }], attrs: { full: true } },
  { inputs: [{ shape: [2, 4, 3], kind: 'regular' }], attrs: { full: false } },
  { inputs: [{ shape: [3, 7], kind: 'regular' }], attrs: { full: false } },
], (run) => (x: Tensor, full: boolean): Tensor[] => run([x], { full }));

const valuesOp: Op = defineOp('singular_values', {
  infer: ([x]) => [specOf(x!.dtype, [...batchOf(x!.shape), Math.min(...matrixOf(x!.shape))])],
  vjp: ([ds], { inputs: [x] }) => {
    const [u, , vt] = svd(x!, false) as [Tensor, Tensor, Tensor];
    return [matmul(multiply(u, rowOf(ds!)), vt)];
  },
  lower: (call) => instruction('svd', call, [...sizes(call.inputs[0]!), 0]),
  cost: ({ inputs: [x] }) => 3 * x!.size * Math.min(...matrixOf(x!.shape)),
});
/** Singular values, descending. */
export const singularValues = primitive(
  valuesOp,
  [{ inputs: [{ shape: [4, 3], kind: 'regular' }] }, { inputs: [{ shape: [2, 3, 4], kind: 'regular' }] }],
  (run) =>
    (x: Tensor): Tensor =>
      run([x]),
);

const pinvOp: Op<{ inclusive: boolean }> = defineOp('pinv', {
  infer: ([x], _: { inclusive: boolean }) => [specOf(x!.dtype, [...batchOf(x!.shape), ...matrixOf(x!.shape).toReversed()])],
  // Golub & Pereyra, "The differentiation of pseudo-inverses and nonlinear least squares problems whose variables separate" (1973).
  vjp: ([dp], { inputs: [x], outputs: [p] }) => {
    const dpt = transposed(dp!);
    const left = subtract(dpt, matmul(x!, matmul(p!, dpt)));
    const right = subtract(dpt, matmul(matmul(dpt, p!), x!));
    return [total(
      negative(matmul(matmul(p!, dp!, true, false), p!, false, true)),
      matmul(matmul(left, p!), p!, false, true),
      matmul(p!, matmul(p!, right), true, false),
    ), null];
  },
  lower: (call) => instruction('pinv', call, [...sizes(call.inputs[0]!), Number(call.attrs.inclusive)]),
  cost: ({ inputs: [x] }) => 14 * x!.size * Math.min(...matrixOf(x!.shape)),
});
/**
 * The pseudoinverse. Singular values count when they exceed `ratio` times the largest; with `inclusive` also at it, unless they are 0.
 * There is one ratio a matrix.
 */
export const pinv = primitive(pinvOp, [
  { inputs: [{ shape: [4, 3], kind: 'regular' }, { shape: [], low: 1e-6, high: 1e-5 }], attrs: { inclusive: false } },
  { inputs: [{ shape: [2, 3, 4], kind: 'regular' }, { shape: [2], low: 1e-6, high: 1e-5 }], attrs: { inclusive: true } },
], (run) => (x: Tensor, ratio: Tensor, inclusive: boolean): Tensor => run([x, ratio], { inclusive }));
