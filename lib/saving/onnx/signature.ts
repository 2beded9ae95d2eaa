// What an exported function takes: names, dtypes and shapes, and the sizes that stand for unknown ones while it is traced.
import { standardizeDType, type DType } from '../../base/dtype.js';
import { show } from '../../base/errors.js';
import type { SymbolicShape } from '../../base/shape.js';
import { flatten, isPlainObject } from '../../base/tree.js';

/** One input. */
export interface InputSignature {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: SymbolicShape;
}
/** A size that is not known: the axes that have it, and its name in the file. */
export interface UnknownSize {
  readonly name: string;
  readonly places: readonly (readonly [input: number, axis: number])[];
}

const isShape = (value: unknown): value is SymbolicShape => Array.isArray(value) && value.every((d) => d === null || typeof d === 'number');
const isLeaf = (value: unknown): boolean => isShape(value) || (isPlainObject(value) && 'shape' in value);

/**
 * The inputs that a user describes: `InputSpec`s, symbols, tensors, objects `{ shape, dtype, name }` or shapes, in any structure.
 * @throws for anything else, and for unknown numbers of axes.
 */
export function readSignature(where: string, given: unknown): { inputs: InputSignature[]; pack: (leaves: unknown[]) => unknown } {
  const flat = flatten<unknown>(given, isLeaf);
  const keys = isPlainObject(given) && !isLeaf(given) && Object.values(given).every((value) => isLeaf(value) || !Array.isArray(value))
    ? Object.keys(flatten(given, isLeaf).pack(flat.leaves) as object)
    : [];
  const inputs = flat.leaves.map((leaf, i): InputSignature => {
    const spec = (isShape(leaf) ? { shape: leaf } : leaf) as { shape?: unknown; dtype?: unknown; name?: unknown };
    if (spec === null || typeof spec !== 'object' || !isShape(spec.shape))
      throw new TypeError(
        `${where}: inputSignature must hold shapes, InputSpecs, symbols or tensors, with null for unknown sizes; received ${show(leaf)}`,
      );
    const dtype = standardizeDType((spec.dtype ?? 'float32') as DType);
    const name = typeof spec.name === 'string' ? spec.name : (keys[i] ?? `input_${i}`);
    return { name, dtype, shape: spec.shape };
  });
  if (inputs.length === 0) throw new TypeError(`${where}: inputSignature must not be empty`);
  return { inputs, pack: (leaves) => flat.pack(leaves) };
}

/** The unknown sizes of inputs: the batch's is one, others are each their own. */
export function unknownSizes(inputs: readonly InputSignature[]): UnknownSize[] {
  const batch = inputs.flatMap(({ shape }, i) => (shape[0] === null ? [[i, 0] as const] : []));
  const others = inputs.flatMap(({ shape, name }, i) =>
    shape.flatMap((d, axis) => (d === null && axis > 0 ? [{ name: `${name}_${axis}`, places: [[i, axis] as const] }] : [])));
  return [...(batch.length === 0 ? [] : [{ name: 'batch', places: batch }]), ...others];
}

/** Sizes to trace with: first those for the batch, then for other axes, each choice until one fits. */
const BATCH = [7, 11, 18];
const CHOICES: readonly (readonly number[])[] = [
  [45, 59, 77, 87], [96, 160, 224, 288], [97, 97, 97, 97], [224, 224, 224, 224], [256, 384, 512, 640], [331, 331, 331, 331],
  [16, 24, 40, 56], [5, 9, 13, 17], [2, 3, 4, 5],
];
/** What sizes are changed by: by one too, since padding tells odd and even ones apart. */
const CHANGES = [1, 2, 3, 7, 32, 64];

/** A list of sizes for each trial, one for each unknown size. */
export function* startingSizes(unknown: readonly UnknownSize[]): Iterable<number[]> {
  const hasBatch = unknown[0]?.name === 'batch';
  for (const choice of CHOICES) {
    yield unknown.map((_, i) => (hasBatch && i === 0 ? BATCH[0]! : choice[(i - Number(hasBatch)) % choice.length]!));
    if (unknown.length === Number(hasBatch)) return;
  }
}
/** Other values for the sizes at the places `at`. */
export function* changedSizes(unknown: readonly UnknownSize[], sizes: readonly number[], at: readonly number[]): Iterable<number[]> {
  const changed = (by: number): number[] => sizes.map((size, i) => (at.includes(i) ? size + by : size));
  const batch = at.length === 1 && unknown[at[0]!]!.name === 'batch';
  for (const by of batch ? BATCH.slice(1).map((size) => size - BATCH[0]!) : CHANGES) yield changed(by);
}
