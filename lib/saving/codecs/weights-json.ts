// `.weights.json`: a map from the paths of objects to the `.weights.h5` files beside it that have their arrays.
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { show } from '../../base/errors.js';
import { isPlainObject } from '../../base/tree.js';
import type { Tensor } from '../../core/tensor.js';
import { writeAtomically } from '../atomic.js';
import type { Codec } from '../formats.js';
import { loadState, saveState, type StateReader, type StateWriter, type StoredArray } from '../state.js';
import { H5StateReader, H5StateWriter, varsOf, weightsOf } from './weights-h5.js';

/** What `.weights.json` says: which files have the arrays of a path. */
interface ShardMap {
  readonly metadata: { readonly total_size: number };
  readonly weight_map: Readonly<Record<string, string | readonly string[]>>;
}

const MAP_LIMIT = 64 * 2 ** 20;

async function readMap(file: string): Promise<ShardMap> {
  const text = await readFile(file, 'utf8');
  if (text.length > MAP_LIMIT) throw new RangeError(`${file}: is too long for a map of weights`);
  let map: unknown;
  try {
    map = JSON.parse(text);
  } catch (error) {
    throw new Error(`${file}: is no JSON: ${(error as Error).message}`, { cause: error });
  }
  if (!isPlainObject(map) || !isPlainObject(map.weight_map))
    throw new TypeError(`${file}: expected an object with a weight_map, received ${show(map)}`);
  for (const name of Object.values(map.weight_map).flat()) {
    if (typeof name !== 'string' || path.basename(name) !== name || name === '..')
      throw new Error(`${file}: its weight_map names ${show(name)}, which is no file beside it`);
  }
  return map as unknown as ShardMap;
}

/** Reads from the files that a `.weights.json` names; each is opened when it is needed. */
export class ShardedStateReader implements StateReader {
  private readonly open = new Map<string, H5StateReader>();

  private constructor(private readonly file: string, private readonly map: ShardMap) {}

  static async open(file: string): Promise<ShardedStateReader> {
    return new ShardedStateReader(file, await readMap(file));
  }
  private readersOf(at: string): H5StateReader[] {
    const names = this.map.weight_map[`/${varsOf(at)}`] ?? this.map.weight_map[at] ?? [];
    return [names].flat().map((name) => {
      const known = this.open.get(name) ?? new H5StateReader(name, { path: path.join(path.dirname(this.file), name) });
      this.open.set(name, known);
      return known;
    });
  }
  async describe(at: string): Promise<Readonly<Record<string, StoredArray>> | null> {
    const parts = await Promise.all(this.readersOf(at).map((reader) => reader.describe(at)));
    return parts.length === 0 ? null : (Object.assign({}, ...parts) as Record<string, StoredArray>);
  }
  async read(at: string, key: string): Promise<Tensor> {
    for (const reader of this.readersOf(at)) if ((await reader.describe(at))?.[key] !== undefined) return reader.read(at, key);
    throw new Error(`${this.file}: no file has ${at}/${key}`);
  }
  async paths(): Promise<readonly string[]> {
    return Object.keys(this.map.weight_map).map((at) => at.replace(/^\//, '').replace(/\/?vars$/, ''));
  }
  async close(): Promise<void> {
    await Promise.all([...this.open.values()].map((reader) => reader.close()));
  }
}

/** Writes files of at most `limit` bytes of arrays (a larger array alone), and the map of them. */
export class ShardedStateWriter implements StateWriter {
  private current: H5StateWriter | null = null;
  private size = 0;
  private total = 0;
  private readonly shards: string[] = [];
  private readonly map: Record<string, string[]> = {};
  private name: string | null = null;

  /** `base` begins the names of the files in `folder`. */
  constructor(private readonly folder: string, private readonly base: string, private readonly limit: number) {}

  private async shardFor(bytes: number): Promise<H5StateWriter> {
    if (this.current === null || (this.size > 0 && this.size + bytes > this.limit)) {
      await this.current?.close();
      const name = shardName(this.base, this.shards.length);
      this.shards.push(name);
      this.current = await H5StateWriter.create(path.join(this.folder, name));
      this.size = 0;
    }
    return this.current;
  }
  async open(_at: string, name: string | null): Promise<void> {
    this.name = name;
  }
  async write(at: string, key: string, value: Tensor): Promise<void> {
    const shard = await this.shardFor(value.spec.bytes);
    const place = `/${varsOf(at)}`;
    const files = (this.map[place] ??= []);
    const file = this.shards.at(-1)!;
    if (!files.includes(file)) {
      files.push(file);
      await shard.open(at, this.name);
    }
    await shard.write(at, key, value);
    this.size += value.spec.bytes;
    this.total += value.spec.bytes;
  }
  /** Ends the last file. */
  async close(): Promise<void> {
    await this.current?.close();
  }
  /** The names of the files, and the text of the map, in which they have the names that `rename` gives them. */
  finish(rename: (count: number) => (name: string) => string): { shards: readonly string[]; map: string } {
    const named = rename(this.shards.length);
    const entries = Object.entries(this.map).map(([at, files]) => [at, files.length === 1 ? named(files[0]!) : files.map(named)]);
    const map = { metadata: { total_size: this.total }, weight_map: Object.fromEntries(entries) as unknown };
    return { shards: this.shards, map: JSON.stringify(map, null, 4) };
  }
}

const shardName = (base: string, i: number): string => `${base}_${String(i).padStart(5, '0')}.weights.h5`;
/** The number of a file of weights; -1 for what is none of these. */
const numberOf = (base: string, name: string): number =>
  name.startsWith(`${base}_`) && /^_\d{5,}\.weights\.h5$/.test(name.slice(base.length)) ? parseInt(name.slice(base.length + 1), 10) : -1;
const GIGABYTE = 2 ** 30;

/** @internal */
export const codec: Codec = {
  async inspect({ name, path: file }) {
    if (file === undefined) throw new TypeError(`${name}: a .weights.json names files beside it: give its path`);
    const reader = await ShardedStateReader.open(file);
    try {
      return { about: {}, model: null, training: null, weights: await weightsOf(reader) };
    } finally {
      await reader.close();
    }
  },
  async saveWeights(model, target, { maxShardSize }) {
    const limit = (maxShardSize ?? 10) * GIGABYTE;
    const folder = path.dirname(path.resolve(target));
    const base = path.basename(target).replace(/\.weights\.json$/, '');
    const parts = `${target}.${randomUUID()}.parts`;
    await mkdir(parts, { recursive: true });
    try {
      const writer = new ShardedStateWriter(parts, base, limit);
      try {
        await saveState(model, writer);
      } finally {
        await writer.close();
      }
      // Files under names that no map has yet: whoever is killed leaves the old ones or the new ones, never some of each.
      const before = await readMap(target).catch(() => null);
      const numbers = (await readdir(folder)).map((name) => numberOf(base, name)).filter((i) => i >= 0);
      let named = (name: string): string => name;
      const { shards, map } = writer.finish((count) => {
        const first = numbers.some((i) => i < count) ? Math.max(...numbers) + 1 : 0;
        return (named = (name) => shardName(base, numberOf(base, name) + first));
      });
      for (const shard of shards) await rename(path.join(parts, shard), path.join(folder, named(shard)));
      await writeAtomically(target, (fresh) => writeFile(fresh, map));
      for (const name of new Set(Object.values(before?.weight_map ?? {}).flat()))
        if (numberOf(base, name) >= 0) await rm(path.join(folder, name), { force: true });
    } finally {
      await rm(parts, { recursive: true, force: true });
    }
  },
  async loadWeights(model, source, { skipMismatch = false, objectsToSkip }) {
    if (source.path === undefined) throw new TypeError('loadWeights: a .weights.json names files beside it: give its path');
    const reader = await ShardedStateReader.open(source.path);
    try {
      await loadState(model, reader, { file: source.name, skipMismatch, objectsToSkip: new Set(objectsToSkip) });
    } finally {
      await reader.close();
    }
  },
};
