// Synthetic data: timing depends on its shape alone.

/** `size` pseudo-random numbers of [0, 1), the same ones each time (the linear congruence of Numerical Recipes). */
export function uniform(size: number): Float32Array {
  let state = 1;
  return Float32Array.from({ length: size }, () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32);
}

/** `size` pseudo-random integers of [0, classes). */
export function labels(size: number, classes: number): Int32Array {
  return Int32Array.from(uniform(size), (u) => Math.floor(u * classes));
}
