// Repeatable random choices: the same seed makes the same call.

/** A generator of 32 bits a step (mulberry32, by T. Ettinger), with choices made from it. */
export class Random {
  #state;

  constructor(seed) {
    this.#state = (seed * 0x9e3779b1) >>> 0;
  }

  /** From 0 to below 1. */
  next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 0x100000000;
  }
  /** A whole number from `low` to `high`. */
  int(low, high) {
    return low + Math.floor(this.next() * (high - low + 1));
  }
  /** True once in `n` times. */
  once(n) {
    return this.next() < 1 / n;
  }
  /** One of a list. */
  pick(list) {
    return list[this.int(0, list.length - 1)];
  }
  /** `count` values of `make`. */
  list(count, make) {
    return Array.from({ length: count }, (_, i) => make(i));
  }
}
