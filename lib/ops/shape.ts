// Functions of `keras.ops` that move, repeat or join elements without computing.
import type { TensorLike } from '../core/convert.js';
import { makeTensor, toTensor } from '../core/convert.js';
import { checkBytes } from '../core/memory.js';
import { castTo } from '../core/cast.js';
import { isInteger, resultType } from '../base/dtype.js';
import { didYouMean, show } from '../base/errors.js';
import { integer, integers } from '../base/integers.js';
import { checkShape, normalizeAxes, normalizeAxis, sameShape, showShape, sizeOf, type Shape } from '../base/shape.js';
import type { Tensor } from '../core/tensor.js';
import { isStandIn } from '../core/trace.js';
import { movedAxes, numbersOf, partOf, toShape, type Numbers, type ShapeLike } from './axes.js';
import * as p from './primitives/index.js';
import { positionalOrNamed, publicOp, widened } from './public.js';

/** The shape with -1 replaced by the size that is left over. */
function completedShape(x: Tensor, wanted: ShapeLike): Shape {
  const sizes = [...numbersOf('reshape', 'newshape', wanted)];
  const open = sizes.indexOf(-1);
  if (open >= 0) {
    if (sizes.lastIndexOf(-1) !== open) throw new RangeError(`reshape: only one size may be -1, received ${show(wanted)}`);
    const known = sizeOf(sizes.filter((_, i) => i !== open));
    sizes[open] = known === 0 ? 0 : x.size / known;
    if (!Number.isInteger(sizes[open]))
      throw new RangeError(
        `reshape: a tensor of shape ${showShape(x.shape)} cannot become ${show(wanted)}: ${x.size} elements do not divide by ${known}`,
      );
  }
  checkShape(sizes, 'reshape');
  return sizes;
}
/** The same elements in another shape; one size may be -1, which stands for what is left over. */
export const reshape = publicOp('reshape', (x: TensorLike, newshape: ShapeLike): Tensor => {
  const tensor = toTensor(x, null, 'reshape');
  return p.reshape(tensor, completedShape(tensor, newshape));
});
/** The elements along one axis, in row-major order. */
export const ravel = publicOp('ravel', (x: TensorLike): Tensor => {
  const tensor = toTensor(x, null, 'ravel');
  return p.reshape(tensor, [tensor.size]);
});

/** Axes in the order of `axes`; by default in reverse order. */
export const transpose = publicOp(
  'transpose',
  (x: TensorLike, axes?: readonly number[] | null | { axes?: readonly number[] | null }): Tensor => {
    const tensor = toTensor(x, null, 'transpose');
    const order = integers(
      'transpose',
      'axes',
      positionalOrNamed('transpose', axes as readonly number[] | null | undefined, 'axes') ?? [...tensor.shape.keys()].reverse(),
    );
    const perm = order.map((axis) => normalizeAxis(axis, tensor.ndim, 'transpose'));
    if (perm.length !== tensor.ndim || new Set(perm).size !== perm.length)
      throw new RangeError(`transpose: axes ${show(order)} are no order of the axes of a tensor of shape ${showShape(tensor.shape)}`);
    return p.transpose(tensor, perm);
  },
  null,
);
/** The tensor with two axes exchanged. */
export const swapaxes = publicOp('swapaxes', (x: TensorLike, axis1: number, axis2: number): Tensor => {
  const tensor = toTensor(x, null, 'swapaxes');
  const a = normalizeAxis(axis1, tensor.ndim, 'swapaxes');
  const b = normalizeAxis(axis2, tensor.ndim, 'swapaxes');
  return p.transpose(tensor, [...tensor.shape.keys()].map((i) => (i === a ? b : i === b ? a : i)));
});
/** The tensor with axes moved to new places; the others keep their order. */
export const moveaxis = publicOp(
  'moveaxis',
  (x: TensorLike, source: number | readonly number[], destination: number | readonly number[]): Tensor => {
    const tensor = toTensor(x, null, 'moveaxis');
    return p.transpose(tensor, movedAxes(tensor.ndim, source, destination, 'moveaxis'));
  },
);
/** The tensor with new axes of size 1 at the given places of the result. */
export const expandDims = publicOp('expandDims', (x: TensorLike, axis: number | readonly number[]): Tensor => {
  const tensor = toTensor(x, null, 'expandDims');
  const places = integers('expandDims', 'axis', axis);
  const rank = tensor.ndim + places.length;
  const added = normalizeAxes(places, rank, 'expandDims');
  let next = 0;
  return p.reshape(tensor, Array.from({ length: rank }, (_, i) => (added.includes(i) ? 1 : tensor.shape[next++]!)));
});

/** An axis, several, or null for all that qualify. */
export interface OptionalAxisOptions {
  /** Default null. */
  axis?: number | readonly number[] | null;
}
/** The tensor without axes of size 1: the given ones, or all. Throws when a given axis has another size. */
export const squeeze = publicOp('squeeze', (x: TensorLike, { axis = null }: OptionalAxisOptions = {}): Tensor => {
  const tensor = toTensor(x, null, 'squeeze');
  const axes = axis === null ? [...tensor.shape.keys()].filter((i) => tensor.shape[i] === 1) : normalizeAxes(axis, tensor.ndim, 'squeeze');
  if (axes.some((i) => tensor.shape[i] !== 1))
    throw new RangeError(`squeeze: axis ${show(axis)} of shape ${showShape(tensor.shape)} is not of size 1`);
  return p.reshape(tensor, tensor.shape.filter((_, i) => !axes.includes(i)));
}, ['axis']);
/** The tensor repeated along axes to `shape`, by NumPy's rules of broadcasting. */
export const broadcastTo = publicOp('broadcastTo', (x: TensorLike, shape: ShapeLike): Tensor =>
  p.broadcastTo(toTensor(x, null, 'broadcastTo'), toShape(shape, 'broadcastTo')),
);

/** Each element along an axis repeated `counts[i]` times, by index. */
function repeatUnevenly(x: Tensor, counts: readonly number[], axis: number): Tensor {
  if (counts.length !== x.shape[axis])
    throw new RangeError(`repeat: ${counts.length} counts do not fit axis ${axis} of shape ${showShape(x.shape)}`);
  checkShape(counts, 'repeat');
  const total = counts.reduce((a, b) => a + b, 0);
  checkBytes(4 * total);
  const places = makeTensor('int32', [total], (data) => {
    let end = 0;
    counts.forEach((count, i) => (data as Int32Array).fill(i, end, (end += count)));
  });
  return p.gather(x, places, axis);
}
/** How often to repeat: whole numbers of at least 0. */
function countsOf(repeats: TensorLike): number[] {
  const given = toTensor(repeats, null, 'repeat');
  const counts = Array.from(isInteger(given.dtype) || given.dtype === 'bool' ? given.elements : castTo(given, 'float64').elements, Number);
  return integers('repeat', 'repeats', counts, { min: 0 });
}
/**
 * Each element along an axis repeated, `repeats` times or as often as an array says; with `axis: null` (the default) those of the
 * flattened tensor.
 */
export const repeat = publicOp('repeat', (x: TensorLike, repeats: TensorLike, { axis = null }: { axis?: number | null } = {}): Tensor => {
  const given = toTensor(x, null, 'repeat');
  const tensor = axis === null ? p.reshape(given, [given.size]) : given;
  const along = axis === null ? 0 : normalizeAxis(axis, tensor.ndim, 'repeat');
  const counts = countsOf(repeats);
  if (counts.length !== 1) return repeatUnevenly(tensor, counts, along);
  const times = counts[0]!;
  const { shape } = tensor;
  const spread = p.broadcastTo(p.reshape(tensor, [...shape.slice(0, along + 1), 1, ...shape.slice(along + 1)]), [
    ...shape.slice(0, along + 1),
    times,
    ...shape.slice(along + 1),
  ]);
  return p.reshape(spread, shape.map((d, i) => (i === along ? d * times : d)));
}, ['axis']);
/** The whole tensor repeated along each axis; missing axes come first, as in NumPy. */
export const tile = publicOp('tile', (x: TensorLike, repeats: Numbers): Tensor => {
  const tensor = toTensor(x, null, 'tile');
  const times = [...toShape(repeats, 'tile')];
  const rank = Math.max(times.length, tensor.ndim);
  const counts = [...new Array<number>(rank - times.length).fill(1), ...times];
  const shape = [...new Array<number>(rank - tensor.ndim).fill(1), ...tensor.shape];
  const spread = p.broadcastTo(p.reshape(tensor, shape.flatMap((d) => [1, d])), shape.flatMap((d, i) => [counts[i]!, d]));
  return p.reshape(spread, shape.map((d, i) => d * counts[i]!));
});

const flipped = (x: Tensor, axes: readonly number[]): Tensor =>
  p.slice(
    x,
    x.shape.map((d, i) => (axes.includes(i) ? Math.max(d - 1, 0) : 0)),
    x.shape,
    x.shape.map((_, i) => (axes.includes(i) ? -1 : 1)),
  );
/** The elements in reverse order along axes; along all by default. */
export const flip = publicOp('flip', (x: TensorLike, { axis = null }: OptionalAxisOptions = {}): Tensor => {
  const tensor = toTensor(x, null, 'flip');
  return flipped(tensor, normalizeAxes(axis, tensor.ndim, 'flip'));
}, ['axis']);
const flipAxis = (name: string, axis: number) =>
  publicOp(name, (x: TensorLike): Tensor => {
    const tensor = toTensor(x, null, name);
    return flipped(tensor, [normalizeAxis(axis, tensor.ndim, name)]);
  });
/** The columns (axis 1) in reverse order. */
export const fliplr = flipAxis('fliplr', 1);
/** The rows (axis 0) in reverse order. */
export const flipud = flipAxis('flipud', 0);

function rolled(x: Tensor, shift: number, axis: number): Tensor {
  const size = x.shape[axis]!;
  const by = size === 0 ? 0 : ((shift % size) + size) % size;
  return by === 0 ? x : p.concatenate([partOf(x, axis, size - by, by), partOf(x, axis, 0, size - by)], axis);
}
/**
 * The elements moved along axes by `shift` places, those that leave coming back at the other end. Without axes: of the flattened tensor.
 */
export const roll = publicOp('roll', (x: TensorLike, shift: Numbers, { axis = null }: { axis?: Numbers | null } = {}): Tensor => {
  const tensor = toTensor(x, null, 'roll');
  const shifts = numbersOf('roll', 'shift', shift);
  if (axis === null) return p.reshape(shifts.reduce((flat, by) => rolled(flat, by, 0), p.reshape(tensor, [tensor.size])), tensor.shape);
  const axes = numbersOf('roll', 'axis', axis).map((a) => normalizeAxis(a, tensor.ndim, 'roll'));
  if (shifts.length !== 1 && axes.length !== 1 && shifts.length !== axes.length)
    throw new RangeError(`roll: ${shifts.length} shifts do not fit ${axes.length} axes`);
  const steps =
    axes.length === 1
      ? shifts.map((by) => [axes[0]!, by] as const)
      : axes.map((a, i) => [a, shifts[shifts.length === 1 ? 0 : i]!] as const);
  return steps.reduce((result, [a, by]) => rolled(result, by, a), tensor);
}, ['axis']);
/** Options of `rot90`. */
export interface Rot90Options {
  /** Quarter turns. Default 1. */
  k?: number;
  /** The plane, turned from the first axis towards the second. Default [0, 1]. */
  axes?: readonly [number, number];
}
/** The tensor turned by quarters in the plane of two axes. */
export const rot90 = publicOp('rot90', (array: TensorLike, { k = 1, axes = [0, 1] }: Rot90Options = {}): Tensor => {
  const tensor = toTensor(array, null, 'rot90');
  if (tensor.ndim < 2) throw new RangeError(`rot90: expected at least 2 axes, received shape ${showShape(tensor.shape)}`);
  if (integers('rot90', 'axes', axes).length !== 2) throw new RangeError(`rot90: expected two axes, received ${show(axes)}`);
  const [first, second] = axes.map((axis) => normalizeAxis(axis, tensor.ndim, 'rot90')) as [number, number];
  if (first === second) throw new RangeError(`rot90: the axes must differ, received ${show(axes)}`);
  const turns = ((integer('rot90', 'k', k) % 4) + 4) % 4;
  if (turns === 0) return tensor;
  if (turns === 2) return flipped(tensor, [first, second]);
  const perm = [...tensor.shape.keys()].map((i) => (i === first ? second : i === second ? first : i));
  return turns === 1 ? p.transpose(flipped(tensor, [second]), perm) : flipped(p.transpose(tensor, perm), [second]);
}, ['k', 'axes']);

/** How `pad` fills: with a constant, or from the tensor itself. */
export type PadMode = 'constant' | 'edge' | 'reflect' | 'symmetric' | 'wrap' | 'circular';
/** Options of `pad`. */
export interface PadOptions {
  /** Default `'constant'`. */
  mode?: PadMode;
  /** The constant, for mode `'constant'`. Default 0. */
  constantValues?: number | null;
}
const remainder = (i: number, n: number): number => ((i % n) + n) % n;
/** Which element stands at place `i`, counted from the first of `n`, which may lie outside. */
const PAD_SOURCE: Record<Exclude<PadMode, 'constant'>, (i: number, n: number) => number> = {
  edge: (i, n) => Math.min(Math.max(i, 0), n - 1),
  reflect: (i, n) => (n === 1 ? 0 : n - 1 - Math.abs(n - 1 - remainder(i, 2 * n - 2))),
  symmetric: (i, n) => Math.min(remainder(i, 2 * n), 2 * n - 1 - remainder(i, 2 * n)),
  wrap: remainder,
  circular: remainder,
};
function padWidths(padWidth: number | readonly number[] | readonly (readonly number[])[], rank: number): (readonly [number, number])[] {
  const isFlat = typeof padWidth === 'number' || (Array.isArray(padWidth) && padWidth.length > 0 && typeof padWidth[0] === 'number');
  const pairs: unknown = isFlat ? [padWidth] : padWidth;
  if (!Array.isArray(pairs))
    throw new TypeError(`pad: padWidth must be a number, a pair of them or a pair for each axis, received ${show(padWidth)}`);
  const both = pairs.map((pair: unknown, axis): [number, number] => {
    const [before, after = before, ...more] = integers('pad', isFlat ? 'padWidth' : `padWidth[${axis}]`, pair, { min: 0 });
    if (before === undefined || more.length > 0)
      throw new RangeError(`pad: padWidth has one or two numbers for an axis, received ${show(padWidth)}`);
    return [before, after!];
  });
  if (both.length !== 1 && both.length !== rank) throw new RangeError(`pad: ${both.length} pairs of widths do not fit ${rank} axes`);
  return Array.from({ length: rank }, (_, i) => both[both.length === 1 ? 0 : i]!);
}
/**
 * The tensor with elements added at the ends of its axes. `padWidth` is a number, one pair (before, after) for all axes, or a pair for each
 * axis. Modes: `'constant'`; `'edge'` repeats the outermost element; `'reflect'` and `'symmetric'` mirror without and with it; `'wrap'`
 * (or `'circular'`) continues at the other end.
 */
export const pad = publicOp(
  'pad',
  (
    x: TensorLike,
    padWidth: number | readonly number[] | readonly (readonly number[])[],
    { mode = 'constant', constantValues = null }: PadOptions = {},
  ): Tensor => {
    const tensor = toTensor(x, null, 'pad');
    const widths = padWidths(padWidth, tensor.ndim);
    if (mode === 'constant') {
      if (widths.every(([before, after]) => before === 0 && after === 0)) return tensor;
      const shape = tensor.shape.map((d, i) => d + widths[i]![0] + widths[i]![1]);
      return widened(tensor, (wide) =>
        p.embed(
          wide,
          shape,
          widths.map(([before]) => before),
          widths.map(() => 1),
          constantValues ?? 0,
        ),
      );
    }
    const source = PAD_SOURCE[mode] as ((i: number, n: number) => number) | undefined;
    if (source === undefined)
      throw new TypeError(`pad: unknown mode ${show(mode)}${didYouMean(mode, ['constant', ...Object.keys(PAD_SOURCE)])}`);
    if (constantValues !== null) throw new TypeError(`pad: constantValues is for mode 'constant', received mode ${show(mode)}`);
    return widths.reduce((result, [before, after], axis) => {
      const size = tensor.shape[axis]!;
      if (before + after === 0) return result;
      if (size === 0) throw new RangeError(`pad: axis ${axis} has no elements to continue from`);
      const length = before + size + after;
      checkBytes((result.spec.bytes / size) * length);
      const places = makeTensor('int32', [length], (data) => {
        for (let i = 0; i < length; i++) data[i] = source(i - before, size);
      });
      return p.gather(result, places, axis);
    }, tensor);
  },
  ['mode', 'constantValues'],
);

/** The values as tensors of one dtype. */
function alike(where: string, xs: readonly TensorLike[]): Tensor[] {
  if (!Array.isArray(xs)) throw new TypeError(`${where}: expected an array of tensors, received ${show(xs)}`);
  if (xs.length === 0) throw new RangeError(`${where}: expected at least one tensor`);
  const tensors = xs.map((x) => toTensor(x, null, where));
  const dtype = resultType(...tensors.map((t) => t.dtype));
  return tensors.every((t) => t.dtype === tensors[0]!.dtype) ? tensors : tensors.map((t) => castTo(t, dtype));
}
/** Options of the functions that work along one axis, the first by default. */
export interface FirstAxisOptions {
  /** Default 0. */
  axis?: number;
}
/** Tensors laid end to end along an axis; other axes must agree. Dtypes are promoted. */
export const concatenate = publicOp('concatenate', (xs: readonly TensorLike[], { axis = 0 }: FirstAxisOptions = {}): Tensor => {
  const tensors = alike('concatenate', xs);
  return p.concatenate(tensors, normalizeAxis(axis, tensors[0]!.ndim, 'concatenate'));
}, ['axis']);
/** Tensors of one shape laid side by side along a new axis. Dtypes are promoted. */
export const stack = publicOp('stack', (x: readonly TensorLike[], { axis = 0 }: FirstAxisOptions = {}): Tensor => {
  const tensors = alike('stack', x);
  const { shape } = tensors[0]!;
  const other = tensors.find((t) => !sameShape(t.shape.map((d, i) => (isStandIn(d) || isStandIn(shape[i]!) ? shape[i]! : d)), shape));
  if (other !== undefined)
    throw new RangeError(`stack: all tensors must have one shape, received ${showShape(shape)} and ${showShape(other.shape)}`);
  const along = normalizeAxis(axis, shape.length + 1, 'stack');
  return p.concatenate(tensors.map((t) => p.reshape(t, [...t.shape.slice(0, along), 1, ...t.shape.slice(along)])), along);
}, ['axis']);

/** A function that gives tensors of few axes more of them and then concatenates. */
const stacked = (name: string, prepare: (x: Tensor) => Tensor, axisOf: (first: Tensor) => number) =>
  publicOp(name, (xs: readonly TensorLike[]): Tensor => {
    const tensors = alike(name, xs).map(prepare);
    return p.concatenate(tensors, axisOf(tensors[0]!));
  });
const atLeast2d = (x: Tensor): Tensor => (x.ndim >= 2 ? x : p.reshape(x, [1, x.size]));
/** Tensors laid side by side: along axis 1, or axis 0 when they have one axis. */
export const hstack = stacked('hstack', (x) => (x.ndim === 0 ? p.reshape(x, [1]) : x), (first) => (first.ndim === 1 ? 0 : 1));
/** Tensors laid one below the other along axis 0; those of one axis become rows. */
export const vstack = stacked('vstack', atLeast2d, () => 0);
/** Tensors laid one behind the other along axis 2. */
export const dstack = stacked('dstack', (x) => {
  const wide = atLeast2d(x);
  return wide.ndim >= 3 ? wide : p.reshape(wide, [...wide.shape, 1]);
}, () => 2);
/** Tensors as columns: those of one axis become columns, others are laid side by side. */
export const columnStack = stacked('columnStack', (x) => (x.ndim >= 2 ? x : p.reshape(x, [x.size, 1])), () => 1);

/** Options of `append`. */
export interface AppendOptions {
  /** Default null: both are flattened. */
  axis?: number | null;
}
/** `x2` laid after `x1` along an axis; both flattened by default. Dtypes are promoted. */
export const append = publicOp('append', (x1: TensorLike, x2: TensorLike, { axis = null }: AppendOptions = {}): Tensor => {
  const tensors = alike('append', [x1, x2]);
  if (axis === null) return p.concatenate(tensors.map((t) => p.reshape(t, [t.size])), 0);
  return p.concatenate(tensors, normalizeAxis(axis, tensors[0]!.ndim, 'append'));
}, ['axis']);
