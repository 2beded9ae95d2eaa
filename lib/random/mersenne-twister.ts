// The generator behind the random orders of NumPy and Python, which Keras shuffles data sets with.
const SIZE = 624;
const SHIFT = 397;

/**
 * The Mersenne Twister MT19937 (M. Matsumoto, T. Nishimura: "Mersenne Twister", ACM TOMACS 8, 1998), seeded by one number or by several.
 */
export class MersenneTwister {
  private readonly state = new Uint32Array(SIZE);
  private at = SIZE;

  /** Of a seed of 32 bits, or of an array of them. */
  constructor(seed: number | readonly number[]) {
    if (typeof seed === 'number') this.start(seed);
    else this.startFrom(seed);
  }

  private start(seed: number): void {
    const { state } = this;
    state[0] = seed;
    for (let i = 1; i < SIZE; i++) state[i] = Math.imul(1_812_433_253, this.before(i)) + i;
  }
  /** The word before `i`, mixed. */
  private before(i: number): number {
    const word = this.state[i - 1]!;
    return word ^ (word >>> 30);
  }
  private startFrom(key: readonly number[]): void {
    const { state } = this;
    this.start(19_650_218);
    let at = 1;
    const next = (value: number): void => {
      state[at] = value;
      if (++at < SIZE) return;
      state[0] = state[SIZE - 1]!;
      at = 1;
    };
    for (let k = 0; k < Math.max(SIZE, key.length); k++)
      next((state[at]! ^ Math.imul(this.before(at), 1_664_525)) + key[k % key.length]! + (k % key.length));
    for (let k = 1; k < SIZE; k++) next((state[at]! ^ Math.imul(this.before(at), 1_566_083_941)) - at);
    state[0] = 0x80000000;
  }

  private twist(): void {
    const { state } = this;
    for (let i = 0; i < SIZE; i++) {
      const y = (state[i]! & 0x80000000) | (state[(i + 1) % SIZE]! & 0x7fffffff);
      state[i] = state[(i + SHIFT) % SIZE]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.at = 0;
  }

  /** The next 32 bits. */
  next(): number {
    if (this.at === SIZE) this.twist();
    let y = this.state[this.at++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  /** An integer from 0 to `max`: the first draw, cut to the bits of `max`, that is no larger. */
  upTo(max: number): number {
    const mask = 0xffffffff >>> Math.clz32(max);
    for (;;) {
      const value = (this.next() & mask) >>> 0;
      if (value <= max) return value;
    }
  }

  /** An integer below `end`, as Python's `random` draws it: the first draw, cut to the leading bits of that many, that is small enough. */
  below(end: number): number {
    const shift = Math.clz32(end);
    for (;;) {
      const value = this.next() >>> shift;
      if (value < end) return value;
    }
  }
}
