// `.weights.h5`, also inside of `.keras` files: a group `vars` for each object of the model, at the path of its attributes.
import { writeFile } from 'node:fs/promises';
import { isDType, type DType } from '../../base/dtype.js';
import { castTo } from '../../core/cast.js';
import { specOf } from '../../base/shape.js';
import { Tensor } from '../../core/tensor.js';
import { normalizeBooleans } from '../byte-file.js';
import { Hdf5File, type Hdf5Array, type Hdf5Place } from '../hdf5.js';
import { writeAtomically } from '../atomic.js';
import type { Codec, StoredWeight } from '../formats.js';
import { loadState, saveState, type StateReader, type StateWriter, type StoredArray } from '../state.js';

/** A dataset as a tensor. Opaque pairs of bytes are bfloat16, as Keras writes it. */
export function tensorOfDataset({ dtype, shape, bytes }: Hdf5Array, where: string): Tensor {
  const own = dtype === 'opaque16' ? 'bfloat16' : dtype;
  if (!isDType(own)) throw new TypeError(`${where}: expected numbers, found a dataset of type ${dtype}`);
  if (own === 'bool') normalizeBooleans(bytes);
  return new Tensor(specOf(own, shape), bytes);
}

/** Types that HDF5 has none for (or h5wasm none to write) as wider ones, which hold their values exactly. */
const WIDER: Readonly<Partial<Record<DType, DType>>> = { bfloat16: 'float32', float16: 'float32', bool: 'uint8' };

/** A tensor as a dataset. */
export function datasetOfTensor(tensor: Tensor): Hdf5Array {
  const wide = castTo(tensor, WIDER[tensor.dtype] ?? tensor.dtype);
  return { shape: [...wide.shape], dtype: wide.dtype, bytes: wide.lend() };
}

/** The group of an object's arrays. */
export const varsOf = (at: string): string => (at === '' ? 'vars' : `${at}/vars`);

/** The `layers` of TensorFlow 2.13. */
const OLD_LAYERS = '_layer_checkpoint_dependencies';

/** Reads from one file. */
export class H5StateReader implements StateReader {
  private readonly file: Hdf5File;
  /** The last group that was asked for: its arrays are read next. */
  private known: { at: string; place: string; stored: Readonly<Record<string, StoredArray>> | null } | null = null;

  /** Whether layers stand under their older name. */
  private hasOldNames: Promise<boolean> | null = null;

  constructor(private readonly name: string, place: Hdf5Place) {
    this.file = new Hdf5File(name, place);
  }

  private async look(at: string): Promise<{ place: string; stored: Readonly<Record<string, StoredArray>> | null }> {
    const place = varsOf(at);
    const found = await this.file.group(place, true);
    this.hasOldNames ??= this.file.group('').then((root) => root!.groups.includes(OLD_LAYERS));
    if (found !== null || !at.includes('layers') || !(await this.hasOldNames)) return { place, stored: found?.datasets ?? null };
    const older = varsOf(at.replaceAll('layers', OLD_LAYERS));
    return { place: older, stored: (await this.file.group(older, true))?.datasets ?? null };
  }

  async describe(at: string): Promise<Readonly<Record<string, StoredArray>> | null> {
    if (this.known?.at !== at) this.known = { at, ...(await this.look(at)) };
    return this.known.stored;
  }
  async read(at: string, key: string): Promise<Tensor> {
    if (this.known?.at !== at) await this.describe(at);
    const { place } = this.known!;
    return tensorOfDataset(
      await this.file.read(`${place}/${key}`, this.known!.stored?.[key] as Hdf5Array | undefined),
      `${this.name}: ${place}/${key}`,
    );
  }
  async paths(): Promise<readonly string[]> {
    const found: string[] = [];
    const visit = async (at: string, depth: number): Promise<void> => {
      if (depth > 32 || found.length > 5000) return;
      const group = await this.file.group(at);
      for (const name of group?.groups ?? []) {
        if (name === 'vars') found.push(at);
        else await visit(at === '' ? name : `${at}/${name}`, depth + 1);
      }
    };
    await visit('', 0);
    return found;
  }
  close(): Promise<void> {
    return this.file.close();
  }
}

/** Writes one file, which must not exist. */
export class H5StateWriter implements StateWriter {
  private readonly file: Hdf5File;

  private constructor(file: string) {
    this.file = new Hdf5File(file, { path: file, write: true });
  }
  static async create(file: string): Promise<H5StateWriter> {
    await writeFile(file, '', { flag: 'wx' });
    return new H5StateWriter(file);
  }
  async open(at: string, name: string | null): Promise<void> {
    if (name !== null) await this.file.writeAttribute(varsOf(at), 'name', name);
  }
  async write(at: string, key: string, value: Tensor): Promise<void> {
    await this.file.write(`${varsOf(at)}/${key}`, datasetOfTensor(value));
  }
  close(): Promise<void> {
    return this.file.close();
  }
}

/** Whose the arrays at a path are. */
export const roleOf = (at: string): StoredWeight['role'] =>
  /^optimizer(\/|$)/.test(at) ? 'optimizer' : /(^|\/)(seed_generator|_?(compile_)?metrics|_loss_tracker)/.test(at) ? 'state' : 'weight';

/** The arrays of a store of state. */
export async function weightsOf(reader: StateReader): Promise<StoredWeight[]> {
  const weights: StoredWeight[] = [];
  for (const at of await reader.paths()) {
    for (const [key, { shape, dtype }] of Object.entries((await reader.describe(at)) ?? {}))
      weights.push({ name: at === '' ? key : `${at}/${key}`, shape, dtype, role: roleOf(at) });
  }
  return weights;
}
/** The arrays of a file. */
export async function inspectState(name: string, place: Hdf5Place): Promise<StoredWeight[]> {
  const reader = new H5StateReader(name, place);
  try {
    return await weightsOf(reader);
  } finally {
    await reader.close();
  }
}

/** @internal */
export const codec: Codec = {
  async inspect({ name, path, bytes }) {
    const weights = await inspectState(name, bytes === undefined ? { path: path! } : { bytes });
    return { about: {}, model: null, training: null, weights };
  },
  async saveWeights(model, target) {
    await writeAtomically(target, async (fresh) => {
      const writer = await H5StateWriter.create(fresh);
      try {
        await saveState(model, writer);
      } finally {
        await writer.close();
      }
    });
  },
  async loadWeights(model, { name, path, bytes }, { skipMismatch = false, objectsToSkip }) {
    const reader = new H5StateReader(name, bytes === undefined ? { path: path! } : { bytes });
    try {
      await loadState(model, reader, { file: name, skipMismatch, objectsToSkip: new Set(objectsToSkip) });
    } finally {
      await reader.close();
    }
  },
};
