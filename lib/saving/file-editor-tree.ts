// The objects and weights of a file as a tree that can be edited.
import { show } from '../base/errors.js';
import { showShape } from '../base/shape.js';
import { isPlainObject } from '../base/tree.js';
import { toTensor, type TensorLike } from '../core/convert.js';
import { Tensor } from '../core/tensor.js';
import { tensorOfDataset } from './codecs/weights-h5.js';
import type { Hdf5File } from './hdf5.js';

/** Weights of an object by name (usually `'0'`, `'1'`, …), and objects within it. */
export interface EditedWeights {
  [name: string]: TensorLike | EditedWeights;
}

/** An object of a file: what it holds by name, weights and objects. */
export class EditedObject {
  readonly parts = new Map<string, Tensor | EditedObject>();

  /** `title` is the name of the layer itself, which is not that in its path. */
  constructor(readonly title: string | null = null) {}

  /** All weights with their paths. */
  *weights(at = ''): Generator<[path: string, weight: Tensor]> {
    for (const [name, part] of this.parts) {
      if (part instanceof Tensor) yield [`${at}/${name}`, part];
      else yield* part.weights(`${at}/${name}`);
    }
  }
  /** All objects with their paths, this one first. */
  *objects(at = ''): Generator<[path: string, object: EditedObject]> {
    yield [at, this];
    for (const [name, part] of this.parts) if (part instanceof EditedObject) yield* part.objects(at === '' ? name : `${at}/${name}`);
  }
  /** Those objects that have a part of this name. */
  holdersOf(name: string): EditedObject[] {
    return [...this.objects()].map(([, object]) => object).filter(({ parts }) => parts.has(name));
  }
  /** Plain objects of tensors. */
  toJSON(): EditedWeights {
    return Object.fromEntries([...this.parts].map(([name, part]) => [name, part instanceof Tensor ? part : part.toJSON()]));
  }
  /** Lines that show what it holds. */
  *lines(prefix = '  ', isRoot = true): Generator<string> {
    const parts = [...this.parts];
    for (const [i, [name, part]] of parts.entries()) {
      const isLast = i === parts.length - 1;
      const start = `${prefix}${isRoot && i === 0 ? '> ' : isLast ? '└─ ' : '├─ '}${name}`;
      if (part instanceof Tensor) yield `${start}: shape=${showShape(part.shape)}, dtype=${part.dtype}`;
      else {
        yield part.title === null ? start : `${start} ('${part.title}')`;
        yield* part.lines(prefix + (isLast ? '    ' : '│   '), false);
      }
    }
  }
}

/** An object of weights as a user gives it. @throws when it is none. */
export function editedObject(where: string, weights: unknown): EditedObject {
  if (!isPlainObject(weights))
    throw new TypeError(`${where}: weights must be an object whose keys are names of weights ('0', '1', …), received ${show(weights)}`);
  const made = new EditedObject();
  for (const [name, value] of Object.entries(weights)) {
    checkName(where, name);
    made.parts.set(name, isPlainObject(value) ? editedObject(where, value) : toTensor(value as TensorLike, null, `${where}: ${name}`));
  }
  return made;
}

/** @throws for what is no name within a path. */
export function checkName(where: string, name: unknown): asserts name is string {
  if (typeof name !== 'string' || name === '' || name === 'vars' || name.includes('/'))
    throw new TypeError(`${where}: expected a name, which has no slashes and is not vars, received ${show(name)}`);
}

/** Objects of objects are no deeper. */
const DEPTH = 64;

/** Reads the group at a path, with all weights below it. */
export async function readObject(file: Hdf5File, at = '', depth = 0): Promise<EditedObject> {
  if (depth > DEPTH) throw new RangeError(`${file.name}: ${at} lies deeper than ${DEPTH} groups`);
  const group = (await file.group(at))!;
  const varsAt = at === '' ? 'vars' : `${at}/vars`;
  const vars = group.groups.includes('vars') ? await file.group(varsAt) : null;
  const title = vars?.attributes.name ?? group.attributes.name;
  const made = new EditedObject(typeof title === 'string' ? title : null);
  for (const [place, datasets] of [[varsAt, vars?.datasets ?? {}], [at, group.datasets]] as const) {
    for (const name of Object.keys(datasets)) {
      const path = place === '' ? name : `${place}/${name}`;
      made.parts.set(name, tensorOfDataset(await file.read(path, datasets[name]), `${file.name}: ${path}`));
    }
  }
  for (const name of group.groups) {
    if (name === 'vars') continue;
    const part = await readObject(file, at === '' ? name : `${at}/${name}`, depth + 1);
    if (part.parts.size > 0) made.parts.set(name, part);
  }
  return made;
}
