// Caches that stay small.

/**
 * A map that keeps the entries used last: always the last `kept`, and never more than twice as many. Entries move between two generations,
 * so that to find one costs no more than in a `Map`.
 */
export class BoundedMap<K, V> {
  private recent = new Map<K, V>();
  private older = new Map<K, V>();

  /** `forgotten` is called with each value that the map drops. */
  constructor(private readonly kept: number, private readonly forgotten: (value: V) => void = () => undefined) {}

  /** The value of a key, which counts as a use. */
  get(key: K): V | undefined {
    return this.recent.get(key) ?? this.renew(key);
  }

  /** Puts a value in. One that it replaces is not told of. */
  set(key: K, value: V): void {
    this.older.delete(key);
    if (this.recent.size >= this.kept) {
      const dropped = this.older;
      this.older = this.recent;
      this.recent = new Map();
      dropped.forEach(this.forgotten);
    }
    this.recent.set(key, value);
  }

  /** The value of a key, made by `make` when it is not there. */
  getOrMake(key: K, make: () => V): V {
    const known = this.get(key);
    if (known !== undefined) return known;
    const value = make();
    this.set(key, value);
    return value;
  }

  /** Takes an entry out, without telling of it. */
  delete(key: K): void {
    this.recent.delete(key);
    this.older.delete(key);
  }

  /** Forgets everything. */
  clear(): void {
    const dropped = [...this.recent.values(), ...this.older.values()];
    this.recent.clear();
    this.older.clear();
    dropped.forEach(this.forgotten);
  }

  /** Number of entries. */
  get size(): number {
    return this.recent.size + this.older.size;
  }

  private renew(key: K): V | undefined {
    const value = this.older.get(key);
    if (value === undefined) return undefined;
    this.set(key, value);
    return value;
  }
}
