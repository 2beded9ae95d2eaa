// An order of graph items in which each comes after what it depends on, kept while passes ask for more dependencies.

/** A place in the order. */
interface Place<T> {
  item: T;
  before: Place<T> | null;
  after: Place<T> | null;
  rank: number;
}

/**
 * Items that one question may look at: a search that takes longer is given up, so that whole passes take time in proportion to the graph.
 */
const PATIENCE = 1000;

/**
 * A topological order. What `dependencies` tells of an item must come before it; it is asked again at each search, so that it may change,
 * as long as the order fits it.
 */
export class Order<T> {
  private readonly places = new Map<T, Place<T>>();
  private first: Place<T> | null = null;
  private last: Place<T> | null = null;

  /** `items` come in an order that fits. */
  constructor(items: Iterable<T>, private readonly dependencies: (item: T) => Iterable<T>) {
    for (const item of items) this.append(item);
  }

  /** Adds an item at the end. */
  append(item: T): void {
    const place: Place<T> = { item, before: this.last, after: null, rank: (this.last?.rank ?? 0) + 1 };
    if (this.last === null) this.first = place;
    else this.last.after = place;
    this.last = place;
    this.places.set(item, place);
  }

  /** Takes an item out. */
  remove(item: T): void {
    this.unlink(this.places.get(item)!);
    this.places.delete(item);
  }

  /** True when `a` comes before `b`. */
  precedes(a: T, b: T): boolean {
    return this.places.get(a)!.rank < this.places.get(b)!.rank;
  }

  /**
   * What `item` depends on, at one remove or more, among those that come after `since`, in order; null when `since` is among it, or when
   * it would take too long to find out. `direct`: a dependency of `item` itself on `since` does not count.
   */
  between(since: T, item: T, direct: boolean, patience = PATIENCE): T[] | null {
    const from = this.places.get(since)!.rank;
    const found = new Set<T>();
    const pending: T[] = [item];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      // The lowest is looked at first: where there is a path it is mostly there that it ends.
      const above: T[] = [];
      for (const dependency of this.dependencies(next)) {
        if (dependency === since && !(direct && next === item)) return null;
        if (dependency === item || found.has(dependency) || this.places.get(dependency)!.rank <= from) continue;
        found.add(dependency);
        above.push(dependency);
      }
      if (found.size > patience) return null;
      pending.push(...this.sorted(above).reverse());
    }
    return this.sorted([...found]);
  }

  /** Moves items, given in order, to just before `anchor`. */
  moveBefore(items: readonly T[], anchor: T): void {
    if (items.length === 0) return;
    const to = this.places.get(anchor)!;
    for (const item of items) {
      const place = this.places.get(item)!;
      this.unlink(place);
      [place.before, place.after] = [to.before, to];
      if (to.before === null) this.first = place;
      else to.before.after = place;
      to.before = place;
    }
    this.rank(this.places.get(items[0]!)!, to, items.length);
  }

  /** Sees to it that `earlier` comes before `later`, with all that it depends on; false when that cannot be. */
  ensure(earlier: T, later: T, patience = PATIENCE): boolean {
    if (this.precedes(earlier, later)) return true;
    const needed = this.between(later, earlier, false, patience);
    if (needed === null) return false;
    this.moveBefore([...needed, earlier], later);
    return true;
  }

  /** All items, in order. */
  *[Symbol.iterator](): Generator<T> {
    for (let place = this.first; place !== null; place = place.after) yield place.item;
  }

  private sorted(items: T[]): T[] {
    return items.length < 2 ? items : items.sort((a, b) => this.places.get(a)!.rank - this.places.get(b)!.rank);
  }

  private unlink({ before, after }: Place<T>): void {
    if (before === null) this.first = after;
    else before.after = after;
    if (after === null) this.last = before;
    else after.before = before;
  }

  /** Gives `count` places before `end` ranks between their neighbours'; where there is no room, all places get new ones. */
  private rank(begin: Place<T>, end: Place<T>, count: number): void {
    const low = begin.before?.rank ?? end.rank - 1;
    const step = (end.rank - low) / (count + 1);
    if (low + step > low && end.rank - step < end.rank && step > Number.EPSILON * Math.abs(end.rank) * 4) {
      let rank = low;
      for (let place = begin; place !== end; place = place.after!) place.rank = rank += step;
    } else {
      let rank = 0;
      for (let place = this.first; place !== null; place = place.after) place.rank = ++rank;
    }
  }
}
