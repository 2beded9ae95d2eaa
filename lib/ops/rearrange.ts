// `rearrange`: axes reordered, joined and split by a pattern.
import type { TensorLike } from '../core/convert.js';
import { toTensor } from '../core/convert.js';
import { didYouMean, show } from '../base/errors.js';
import { showShape, sizeOf } from '../base/shape.js';
import type { Tensor } from '../core/tensor.js';
import { isPlainObject } from '../base/tree.js';
import * as p from './primitives/index.js';
import { publicOp } from './public.js';

/** Sizes of axes by their names in the pattern. */
export type AxesLengths = Readonly<Record<string, number>>;

/** One side of a pattern: for each axis of the tensor the axes that it is made of. */
function groupsOf(side: string, pattern: string): string[][] {
  const tokens = side.trim().match(/\([^()]*\)|[^\s()]+|[()]/g) ?? [];
  const groups = tokens.map((token) => (token.startsWith('(') ? token.slice(1, -1).trim().split(/\s+/) : [token]));
  const wrong = groups.flat().find((name) => !/^\w+$/.test(name));
  if (wrong !== undefined)
    throw new TypeError(`rearrange: the pattern ${show(pattern)} has ${show(wrong)} where the name of an axis is expected`);
  const names = groups.flat();
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new TypeError(`rearrange: the pattern ${show(pattern)} names the axis ${show(twice)} twice on one side`);
  return groups;
}
/** The sizes of all axes that the left side names. */
function lengthsOf(
  groups: readonly (readonly string[])[],
  shape: readonly number[],
  given: AxesLengths,
  pattern: string,
): Map<string, number> {
  const lengths = new Map<string, number>();
  groups.forEach((names, axis) => {
    const size = shape[axis]!;
    const open = names.filter((name) => !Object.hasOwn(given, name));
    if (open.length > 1)
      throw new TypeError(
        `rearrange: (${names.join(' ')}) in ${show(pattern)} needs the sizes of all its axes but one, received none for ` +
          `${open.map(show).join(' and ')}`,
      );
    const known = sizeOf(names.filter((name) => !open.includes(name)).map((name) => given[name]!));
    const rest = open.length === 0 ? 1 : known === 0 ? 0 : size / known;
    if (!Number.isInteger(rest) || known * rest !== size)
      throw new RangeError(
        `rearrange: axis ${axis} of shape ${showShape(shape)} does not divide into (${names.join(' ')}) with ${show(given)}: ${size} ` +
          `and ${known}`,
      );
    names.forEach((name) => lengths.set(name, open.includes(name) ? rest : given[name]!));
  });
  return lengths;
}

/**
 * The tensor with its axes reordered, joined and split by a pattern in the notation of einops: `'b h w c -> b (h w) c'` joins two axes,
 * `'b (h w) c -> b h w c'` splits one, for which the sizes of all parts but one are given: `rearrange(x, pattern, { h: 2 })`.
 * @throws when the pattern does not fit the shape, or names other axes on its two sides.
 */
export const rearrange = publicOp('rearrange', (tensor: TensorLike, pattern: string, axesLengths: AxesLengths = {}): Tensor => {
  const x = toTensor(tensor, null, 'rearrange');
  const sides = typeof pattern === 'string' ? pattern.split('->') : [];
  if (sides.length !== 2) throw new TypeError(`rearrange: expected a pattern like 'a b -> b a', received ${show(pattern)}`);
  if (!isPlainObject(axesLengths))
    throw new TypeError(`rearrange: sizes of axes are given by name, { h: 2 }, received ${show(axesLengths)}`);
  const [from, to] = [groupsOf(sides[0]!, pattern), groupsOf(sides[1]!, pattern)];
  if (from.length !== x.ndim)
    throw new RangeError(`rearrange: the pattern ${show(pattern)} has ${from.length} axes, the tensor has shape ${showShape(x.shape)}`);
  const [names, wanted] = [from.flat(), to.flat()];
  const lost = names.find((name) => !wanted.includes(name)) ?? wanted.find((name) => !names.includes(name));
  if (lost !== undefined) throw new TypeError(`rearrange: the axis ${show(lost)} stands on one side of ${show(pattern)} only`);
  for (const [name, size] of Object.entries(axesLengths)) {
    if (!names.includes(name))
      throw new TypeError(`rearrange: the pattern ${show(pattern)} has no axis ${show(name)}${didYouMean(name, names)}`);
    if (!Number.isInteger(size) || size < 0)
      throw new RangeError(`rearrange: the size of ${show(name)} must be an integer of at least 0, received ${show(size)}`);
  }
  const lengths = lengthsOf(from, x.shape, axesLengths, pattern);
  const split = p.reshape(x, names.map((name) => lengths.get(name)!));
  const moved = p.transpose(split, wanted.map((name) => names.indexOf(name)));
  return p.reshape(moved, to.map((group) => sizeOf(group.map((name) => lengths.get(name)!))));
}, null);
