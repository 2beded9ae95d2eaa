// Which sizes depend on unknown ones: a function is tried with several sizes in the place of the unknown ones, and what changes with them
// is unknown.
//
// Sizes have to fit: a batch may have to match a known one, a length to be divided into eleven parts, or to be larger than a window. So the
// search starts from large sizes with many divisors; where they do not fit, the numbers in the error's message say what would (the size
// that was expected, the number of parts, the window), and sizes that are equal to them, or multiples of them, are tried. What is found
// never depends on that guess alone: each unknown size is then varied, towards the smallest that fits and by itself, and an output's size
// is known only if it is the same in all trials.

/** An unknown axis of a symbol: the symbol's number among the arguments, and the axis counted from both ends. */
export interface UnknownAxis {
  readonly symbol: number;
  readonly axis: number;
  readonly fromEnd: number;
}
/** A size for each unknown axis. */
export type Sizes = readonly number[];
/** A trial that succeeded. */
export interface Trial<T> {
  readonly sizes: Sizes;
  readonly result: T;
}

// Large sizes by the number of axes that differ: all together have fewer than 2^53 elements, with channels. They can be halved often.
const LARGE: readonly Sizes[] = [
  [107520, 80640, 161280, 120960], [13440, 10080, 20160, 26880], [1680, 3360, 2520, 5040], [240, 480, 336, 720, 960, 672, 1440, 288],
];
/** Sizes up to this may be known ones. */
export const SMALLEST_STAND_IN = 1024;
const PRIMES: Sizes = [97, 89, 83, 101, 79, 103, 73, 107];
const SMALL: Sizes = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48];
/** As many trials are made to find large sizes that fit, and as many in all. */
const REPAIRS = 48;
const TRIALS = 144;
/** More numbers among the arguments than these are data. */
const MOST_KNOWN = 256;
/** Sizes are not made larger than this. */
const LARGEST = 2 ** 26;

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));
const lcm = (a: number, b: number): number => (a / gcd(a, b)) * b;
const distinct = (values: Iterable<number>): number[] => [...new Set(values)];
/** The whole numbers of a message that are no part of a name. */
const numbersOf = (text: string): number[] =>
  distinct(Array.from(text.matchAll(/(?<![\w.])\d{1,9}(?![\w.]*\w)/g), ([digits]) => Number(digits)));

/** The large sizes for these axes, with room above the largest known number; those at the same place are equal. */
function largeSizes(axes: readonly UnknownAxis[], known: readonly number[], place: (axis: UnknownAxis) => number): Sizes {
  const places = distinct(axes.map(place));
  const table = LARGE[Math.min(Math.max(places.length - 2, 0), LARGE.length - 1)]!;
  const most = Math.max(0, ...known);
  const scale = most < table[0]! / 2 ? 1 : 2 ** Math.ceil(Math.log2((4 * most) / table[0]!));
  const free = table.map((size) => size * scale).filter((size) => !known.includes(size));
  return axes.map((axis) => free[places.indexOf(place(axis)) % free.length]!);
}

const settled = new WeakSet<object>();
/** Says of an error that no sizes would help. Returns it. */
export function settle<E>(error: E): E {
  if (error instanceof Error) settled.add(error);
  return error;
}

/** The search for sizes that fit one function. */
class Search<T> {
  readonly found: Trial<T>[] = [];
  /** What the first trial failed with, and the sizes it had. */
  failure: { readonly error: unknown; readonly sizes: Sizes } | null = null;
  private readonly outcomes = new Map<string, Trial<T> | Error>();
  /** Numbers that messages told, beside the sizes that were tried, and the numbers known from the start. */
  private readonly told: Set<number>;

  constructor(private readonly run: (sizes: Sizes) => T, known: readonly number[]) {
    this.told = new Set(known);
  }

  get constants(): number[] {
    return [...this.told].filter((n) => n > 0 && n <= LARGEST).sort((a, b) => a - b);
  }

  /** What comes of these sizes: the trial, or its error. Each choice is tried once. */
  attempt(sizes: Sizes): Trial<T> | Error {
    const key = sizes.join();
    const before = this.outcomes.get(key);
    if (before !== undefined) return before;
    let outcome: Trial<T> | Error;
    try {
      outcome = { sizes, result: this.run(sizes) };
      this.found.push(outcome);
    } catch (error) {
      outcome = error instanceof Error ? error : new Error(String(error));
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- caught in trialsOf
      if (settled.has(outcome)) throw (this.failure = { error, sizes });
      this.failure ??= { error, sizes };
    }
    this.outcomes.set(key, outcome);
    return outcome;
  }
  /** The first of the choices that fits, if any. */
  firstOf(choices: Iterable<Sizes>): Trial<T> | null {
    for (const sizes of choices) {
      if (this.outcomes.size >= TRIALS && !this.outcomes.has(sizes.join())) continue;
      const outcome = this.attempt(sizes);
      if (!(outcome instanceof Error)) return outcome;
    }
    return null;
  }

  /**
   * Goes from sizes that do not fit to others, by what the errors say, until some fit. What changed the kind of error is followed first.
   */
  repair(starts: readonly Sizes[]): Trial<T> | null {
    const queue = starts.map((sizes) => ({ sizes, from: '' }));
    for (let next = queue.shift(); next !== undefined && this.outcomes.size < REPAIRS; next = queue.shift()) {
      if (this.outcomes.has(next.sizes.join())) continue;
      const outcome = this.attempt(next.sizes);
      if (!(outcome instanceof Error)) return outcome;
      const kind = outcome.message.replace(/\d+/g, '');
      const further = this.neighbours(next.sizes, outcome.message).map((sizes) => ({ sizes, from: kind }));
      if (next.from === '' || next.from === kind) queue.push(...further);
      else queue.unshift(...further);
    }
    return null;
  }

  private neighbours(sizes: Sizes, message: string): Sizes[] {
    const numbers = numbersOf(message);
    const own = distinct(sizes);
    const constants = numbers.filter((n) => n > 0 && !own.includes(n));
    constants.forEach((n) => this.told.add(n));
    const mentioned = own.filter((size) => numbers.includes(size));
    const groups = mentioned.length === 0 ? own : mentioned;
    const targets = (constants.length === 0 ? this.constants : constants).slice(0, 12);
    const all = (from: number, to: number): Sizes => sizes.map((size) => (size === from ? to : size));
    const single = (from: number, to: number): Sizes[] =>
      sizes.flatMap((size, i) => (size === from ? [sizes.map((other, j) => (i === j ? to : other))] : []));
    const product = targets.reduce((a, b) => (a * b <= LARGEST ? a * b : a), 1);
    const multiples = (size: number): number[] => [...targets, product].map((n) => lcm(size, n)).filter((n) => n <= LARGEST && n !== size);
    const above = (size: number): number[] =>
      targets
        .filter((n) => n > size)
        .map((n) => size * Math.ceil((2 * n) / size))
        .filter((n) => n <= LARGEST);
    // Where a message tells the number of elements, `size * rest`, another number may be wanted.
    const quotients = (size: number): number[] =>
      constants.flatMap((n) => (n > size && n % size === 0 ? targets.map((wanted) => wanted / (n / size)) : [])).filter(Number.isInteger);
    const others = (size: number): number[] => distinct([...quotients(size), ...targets, ...own.filter((other) => other !== size)]);
    return [
      ...groups.flatMap((size) => others(size).map((n) => all(size, n))),
      ...groups.flatMap((size) => others(size).flatMap((n) => single(size, n))),
      ...groups.flatMap((size) => distinct([...multiples(size), ...above(size)]).map((n) => all(size, n))),
    ];
  }

  /** Varies one size of a trial: towards the smallest that fits, alone, with those that equal it, and with one of them. */
  vary({ sizes }: Trial<T>, at: number): void {
    const size = sizes[at]!;
    const alone = (n: number): Sizes => sizes.map((other, i) => (i === at ? n : other));
    const together = (n: number): Sizes => sizes.map((other) => (other === size ? n : other));
    const values = [...SMALL, ...this.constants.filter((n) => n > 1)];
    this.firstOf([2 * size, 3 * size].map(together));
    this.firstOf([...values, 2 * size, 3 * size].filter((n) => n !== size).map(alone));
    this.firstOf(values.filter((n) => n !== size).map(together));
    if (this.found.some((trial) => trial.sizes[at] !== size)) return;
    const pair = (j: number, n: number): Sizes => sizes.map((other, i) => (i === at || i === j ? n : other));
    this.firstOf(sizes.flatMap((_, j) => [2, 3, 2 * size].map((n) => pair(j, n))));
  }
}

/** Makes trials until there are some that are `alike`, if there can be, and each size was varied. False when no sizes fit. */
function explore<T>(search: Search<T>, axes: readonly UnknownAxis[], known: readonly number[], alike: (a: T, b: T) => boolean): boolean {
  const same = (size: number): Sizes => axes.map(() => size);
  const large = largeSizes(axes, known, ({ axis }) => axis);
  const base =
    search.repair([large, same(large[0]!), largeSizes(axes, known, ({ fromEnd }) => fromEnd)]) ?? search.firstOf(SMALL.map(same));
  if (base === null) return false;
  const one = search.attempt(same(1));
  const plain = search.failure === null && search.found.every(({ result }) => alike(result, base.result));
  if (plain && axes.every(({ axis }) => axis === 0)) return true;
  search.attempt(axes.map(({ axis }) => PRIMES[axis % PRIMES.length]!));
  if (one instanceof Error) search.firstOf(SMALL.map(same));
  if (!plain) axes.forEach((_, i) => search.vary(base, i));
  search.attempt(same(0));
  return true;
}

/**
 * Trials of `run` with sizes that fit, the first of which has large ones. `numbers` are those that sizes may have to match: known sizes,
 * and numbers among the arguments. `alike` says whether two results differ in nothing but sizes.
 * @returns the trials; or, when no sizes fit, the first error with the sizes it came from.
 */
export function trialsOf<T>(
  axes: readonly UnknownAxis[], numbers: readonly number[], run: (sizes: Sizes) => T, alike: (a: T, b: T) => boolean,
): readonly Trial<T>[] | { readonly error: unknown; readonly sizes: Sizes } {
  const known = distinct(numbers.filter((n) => Number.isSafeInteger(n) && n >= 0)).slice(0, MOST_KNOWN);
  const search = new Search(run, known);
  try {
    return explore(search, axes, known, alike) ? search.found : search.failure!;
  } catch (error) {
    if (error === search.failure) return search.failure!;
    throw error;
  }
}
