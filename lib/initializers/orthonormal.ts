// The orthonormal factor of a QR decomposition, in float64: initializers run it once, when a layer is built.

/** `x - (v·x) v`. With `v·v = 2` this mirrors `x` at the hyperplane that `v` is normal to. */
function reflect(x: Float64Array, v: Float64Array): void {
  let dot = 0;
  for (let i = 0; i < v.length; i++) dot += v[i]! * x[i]!;
  for (let i = 0; i < v.length; i++) x[i] = x[i]! - dot * v[i]!;
}

/** Turns `x` into the vector whose reflection takes `x` to a multiple of the first axis, and returns that multiple. */
function makeReflector(x: Float64Array): number {
  const norm = Math.sqrt(x.reduce((sum, value) => sum + value * value, 0));
  if (norm === 0) return 0;
  const first = x[0]!;
  const scale = 1 / Math.sqrt(norm * (norm + Math.abs(first)));
  x[0] = first < 0 ? first - norm : first + norm; // away from zero, so that nothing cancels
  for (let i = 0; i < x.length; i++) x[i] = x[i]! * scale;
  return first < 0 ? norm : -norm;
}

/**
 * Orthonormal vectors that span, one after the other, the same spaces as the `count` rows of `length` in `rows`: the columns of Q where
 * these rows are the columns of the matrix, with the signs that make R's diagonal positive. Householder reflections (Golub & Van Loan, *Matrix
 * Computations*, 5.2). `count` is at most `length`; `rows` is overwritten.
 */
export function orthonormalRows(rows: Float64Array, count: number, length: number): Float64Array {
  const tail = (of: Float64Array, row: number, from: number) => of.subarray(row * length + from, (row + 1) * length);
  const diagonal = new Float64Array(count);
  for (let k = 0; k < count; k++) {
    const v = tail(rows, k, k);
    diagonal[k] = makeReflector(v);
    for (let j = k + 1; j < count; j++) reflect(tail(rows, j, k), v);
  }
  const q = new Float64Array(count * length);
  for (let j = 0; j < count; j++) q[j * length + j] = diagonal[j]! < 0 ? -1 : 1;
  for (let k = count - 1; k >= 0; k--) {
    for (let j = k; j < count; j++) reflect(tail(q, j, k), tail(rows, k, k));
  }
  return q;
}
