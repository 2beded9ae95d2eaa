// `saving.KerasFileEditor`: looking into files of weights, changing them, and comparing them with models.
import { didYouMean, show } from '../base/errors.js';
import { sameShape, showShape, type Shape } from '../base/shape.js';
import { isPlainObject } from '../base/tree.js';
import { printMessage } from '../config/logging.js';
import { Tensor } from '../core/tensor.js';
import type { Model } from '../models/model.js';
import { writeAtomically } from './atomic.js';
import { openKerasFile } from './codecs/keras.js';
import { H5StateWriter } from './codecs/weights-h5.js';
import { checkName, EditedObject, editedObject, readObject, type EditedWeights } from './file-editor-tree.js';
import { pathOf } from './formats.js';
import { Hdf5File, type Hdf5Place } from './hdf5.js';
import { ownVariablesOf, walk } from './saveable.js';

/** What `KerasFileEditor.compare` finds. The keys are Keras's. */
export interface FileComparison {
  readonly status: 'success' | 'error';
  /** How many weights and objects stand on one side alone, or have another shape. */
  readonly error_count: number;
  /** How many weights fit. */
  readonly match_count: number;
}

const print = (text: string): void => printMessage(`${text}\n`);
const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;

/**
 * Looks into a `.keras` or `.weights.h5` file, changes its weights, and saves them as another: for weights of a model whose architecture
 * has changed since.
 *
 * ```ts
 * const editor = new keras.saving.KerasFileEditor('model.weights.h5');
 * await editor.summary();
 * await editor.deleteObject('layers/dense_2');
 * await editor.addObject('layers/einsum_dense', { 0: kernel, 1: bias });
 * await editor.resaveWeights('edited.weights.h5');
 * ```
 * Reading begins at once; the methods wait for it and for each other, in the order in which they are called. `await editor.ready` for
 * `metadata`, `config` and `weightsDict`.
 * @throws for other endings, and when the file cannot be read (from every method).
 */
export class KerasFileEditor {
  readonly filepath: string;
  /** Settles when the file has been read. */
  readonly ready: Promise<void>;
  /** What a `.keras` file says of its version and date. */
  metadata: Readonly<Record<string, unknown>> | null = null;
  /** The model's config in a `.keras` file. */
  config: Readonly<Record<string, unknown>> | null = null;
  private root = new EditedObject();
  private last: Promise<unknown>;

  constructor(filepath: string | URL) {
    this.filepath = pathOf('KerasFileEditor', filepath);
    if (!/\.(keras|weights\.h5)$/.test(this.filepath))
      throw new TypeError(`KerasFileEditor: the path must end in .keras or .weights.h5, received ${show(this.filepath)}`);
    this.ready = this.open();
    this.last = this.ready.catch(() => undefined); // whoever calls a method is told
  }

  private async open(): Promise<void> {
    if (!this.filepath.endsWith('.keras')) await this.read({ path: this.filepath });
    else {
      const opened = await openKerasFile({ name: this.filepath, path: this.filepath });
      try {
        this.config = isPlainObject(opened.config) ? opened.config : null;
        this.metadata = isPlainObject(opened.metadata) ? opened.metadata : null;
        await this.read(await opened.weights());
      } finally {
        await opened.close();
      }
    }
    print(`Keras model file '${this.filepath}'`);
    const { keras_version: version, date_saved: date } = this.metadata ?? {};
    if (version !== undefined) print(`Saved with Keras ${String(version)} - date: ${String(date)}`);
  }
  private async read(place: Hdf5Place): Promise<void> {
    const file = new Hdf5File(this.filepath, place);
    try {
      this.root = await readObject(file);
    } finally {
      await file.close();
    }
  }

  /** Runs `step` after all that was called before. */
  private async enqueue<T>(step: () => T | Promise<T>): Promise<T> {
    const before = this.last;
    const result = (async () => {
      await before;
      await this.ready;
      return step();
    })();
    this.last = result.catch(() => undefined);
    return result;
  }

  /** The weights as nested objects: `{ layers: { dense: { 0: Tensor, 1: Tensor } } }`. Empty until `ready`. */
  get weightsDict(): EditedWeights {
    return this.root.toJSON();
  }

  /** Prints what the file holds. */
  summary(): Promise<void> {
    return this.enqueue(() => print(['Weights structure', ...this.root.lines()].join('\n')));
  }

  /** Compares the file with a model, and prints what differs: weights on one side alone, and other shapes. */
  compare(referenceModel: Model): Promise<FileComparison> {
    return this.enqueue(async () => {
      print('Running comparison');
      const wanted = await shapesOf(referenceModel);
      const found = new Map([...this.root.weights()].map(([path, { shape }]) => [path, shape]));
      const problems = [...alone(wanted, found, 'reference model', 'saved file'), ...alone(found, wanted, 'saved file', 'reference model')];
      let matches = 0;
      for (const [path, shape] of wanted) {
        const other = found.get(path);
        if (other === undefined) continue;
        if (sameShape(shape, other)) matches += 1;
        else problems.push(`...Weight shape mismatch for ${path}\n    In reference model: shape=${showShape(shape)}\n    In saved file: shape=${showShape(other)}`);
      }
      problems.forEach(print);
      print('─────────────────────');
      if (problems.length === 0)
        print(`Comparison successful: saved file is compatible with the reference model\n    Found ${plural(matches, 'matching weight')}`);
      else print(`Found ${plural(problems.length, 'error')}: saved file is not compatible with the reference model`);
      return { status: problems.length === 0 ? 'success' : 'error', error_count: problems.length, match_count: matches };
    });
  }

  /** The object that has the part of a name or path, and the part's name in it. @throws when there is none, or several. */
  private find(where: string, name: string): { holder: EditedObject; last: string } {
    if (typeof name !== 'string') throw new TypeError(`${where}: expected a name or a path, received ${show(name)}`);
    const steps = name.split('/');
    if (steps.length === 1) {
      const [holder, ...others] = this.root.holdersOf(name);
      const known = [...this.root.objects()].flatMap(([, { parts }]) => [...parts.keys()]);
      if (holder === undefined) throw new Error(`${where}: the file has no '${name}'${didYouMean(name, known)}; summary() lists what it has`);
      if (others.length > 0) throw new Error(`${where}: the file has several '${name}': give the whole path`);
      return { holder, last: name };
    }
    const holder = this.at(where, steps.slice(0, -1));
    if (!holder.parts.has(steps.at(-1)!)) throw new Error(`${where}: the file has no '${name}'${didYouMean(name, this.paths())}`);
    return { holder, last: steps.at(-1)! };
  }
  private paths(): string[] {
    return [...this.root.objects()].map(([path]) => path);
  }
  private at(where: string, steps: readonly string[]): EditedObject {
    let found: Tensor | EditedObject | undefined = this.root;
    for (const step of steps) found = found instanceof EditedObject ? found.parts.get(step) : undefined;
    if (!(found instanceof EditedObject)) {
      const path = steps.join('/');
      throw new Error(`${where}: the file has no object '${path}'${didYouMean(path, this.paths())}`);
    }
    return found;
  }
  private object(where: string, name: string): EditedObject {
    const { holder, last } = this.find(where, name);
    const found = holder.parts.get(last)!;
    if (found instanceof Tensor) throw new TypeError(`${where}: '${name}' is a weight, no object`);
    return found;
  }

  /** Gives an object (a layer, say) a new name. `objectName` is its name, if no other has it, or its path. */
  renameObject(objectName: string, newName: string): Promise<void> {
    return this.enqueue(() => {
      const where = 'renameObject';
      checkName(where, newName);
      const { holder: { parts }, last } = this.find(where, objectName);
      if (newName !== last && parts.has(newName)) throw new Error(`${where}: there is a '${newName}' already beside '${objectName}'`);
      const part = parts.get(last)!;
      parts.delete(last);
      parts.set(newName, part);
    });
  }
  /** Takes an object out, with all that it holds. */
  deleteObject(objectName: string): Promise<void> {
    return this.enqueue(() => {
      const { holder, last } = this.find('deleteObject', objectName);
      holder.parts.delete(last);
    });
  }
  /** Adds an object at a path, in the place of what may be there: `addObject('layers/dense_2', { 0: kernel, 1: bias })`. */
  addObject(objectPath: string, weights: EditedWeights): Promise<void> {
    return this.enqueue(() => {
      const where = 'addObject';
      const made = editedObject(where, weights);
      if (typeof objectPath !== 'string') throw new TypeError(`${where}: expected a path, received ${show(objectPath)}`);
      const steps = objectPath.split('/');
      checkName(where, steps.at(-1));
      this.at(where, steps.slice(0, -1)).parts.set(steps.at(-1)!, made);
    });
  }
  /** Takes a weight out of an object. */
  deleteWeight(objectName: string, weightName: string | number): Promise<void> {
    return this.enqueue(() => {
      const { parts } = this.object('deleteWeight', objectName);
      if (!parts.delete(String(weightName)))
        throw new Error(`deleteWeight: '${objectName}' has no weight ${show(weightName)}; it has ${[...parts.keys()].join(', ')}`);
    });
  }
  /** Adds weights to an object, in the place of those of the same names. */
  addWeights(objectName: string, weights: EditedWeights): Promise<void> {
    return this.enqueue(() => {
      const made = editedObject('addWeights', weights);
      const { parts } = this.object('addWeights', objectName);
      for (const [name, part] of made.parts) parts.set(name, part);
    });
  }

  /** Saves the weights to a `.weights.h5` file, which is there whole or not at all. */
  save(filepath: string | URL): Promise<void> {
    return this.enqueue(async () => {
      const target = pathOf('KerasFileEditor.save', filepath);
      if (!target.endsWith('.weights.h5'))
        throw new TypeError(`KerasFileEditor.save: the path must end in .weights.h5, received ${show(target)}`);
      await writeAtomically(target, async (fresh) => {
        const writer = await H5StateWriter.create(fresh);
        try {
          for (const [path, { title, parts }] of this.root.objects()) {
            const weights = [...parts].filter((part): part is [string, Tensor] => part[1] instanceof Tensor);
            if (weights.length > 0) await writer.open(path, title);
            for (const [name, weight] of weights) await writer.write(path, name, weight);
          }
        } finally {
          await writer.close();
        }
      });
    });
  }
  /** The same as `save`. */
  resaveWeights(filepath: string | URL): Promise<void> {
    return this.save(filepath);
  }
}

/** Shapes of what a model saves, by path. */
async function shapesOf(model: Model): Promise<Map<string, Shape>> {
  const shapes = new Map<string, Shape>();
  await walk(model, async ({ path, item }) => {
    for (const [key, { shape }] of Object.entries(ownVariablesOf(item))) shapes.set(`${path === '' ? '' : `/${path}`}/${key}`, shape);
    return true;
  });
  return shapes;
}

/** What stands on one side alone: whole objects once, not each of their weights. */
function alone(here: ReadonlyMap<string, Shape>, there: ReadonlyMap<string, Shape>, name: string, other: string): string[] {
  const objectsThere = new Set([...there.keys()].flatMap(prefixes));
  const found = new Map<string, string>();
  for (const path of here.keys()) {
    if (there.has(path)) continue;
    const object = prefixes(path).find((prefix) => !objectsThere.has(prefix));
    if (object === undefined) found.set(path, `...Weight ${path} present in ${name}, missing from ${other}`);
    else found.set(object, `...Object ${object} present in ${name}, missing from ${other}`);
  }
  return [...found.values()];
}
/** The paths of the objects around a weight, the outermost first. */
function prefixes(path: string): string[] {
  const steps = path.split('/').slice(1, -1);
  return steps.map((_, i) => `/${steps.slice(0, i + 1).join('/')}`);
}
