// Primitives that move, repeat or pick elements.
import { makeTensor } from '../../../core/convert.js';
import { inverse, type Builder, type View } from '../builder.js';
import { isFixed, sameSize, type Size } from '../symbolic-graph.js';
import { axisIn, combine, fixed, upTo, type Rule } from './rule.js';
import { alongside } from './elementwise.js';

const FARTHEST = 2 ** 53 - 1;
const same: Rule = ({ to, inputs: [x] }) => to.view(x!);

const transposed: Rule = (call): View => {
  const view = call.to.view(call.inputs[0]!);
  return { name: view.name, perm: call.attr<readonly number[]>('perm').map((axis) => axisIn(view, axis)) };
};

/** A bound of a slice: from the start, or from the end, or computed. `Infinity` stands for the end. */
function bound(to: Builder, place: Size, size: Size): { readonly fixed: number } | { readonly name: string } {
  if (isFixed(place)) return { fixed: place[0]! };
  const fromEnd = combine((a, b) => a - b, place, size);
  if (isFixed(fromEnd)) return { fixed: fromEnd[0] === 0 ? FARTHEST : fromEnd[0]! };
  return { name: to.size(place) };
}
/** Bounds as one list. */
function bounds(to: Builder, list: readonly ReturnType<typeof bound>[]): string {
  if (list.every((one) => 'fixed' in one)) return to.ints(list.map((one) => (one as { fixed: number }).fixed));
  return to.node('Concat', list.map((one) => ('fixed' in one ? to.ints([one.fixed]) : one.name)), { axis: 0 });
}
/** A slice of a view; its axes stay in their places. */
export function sliced(
  to: Builder,
  view: View,
  sizes: readonly Size[],
  starts: readonly Size[],
  counts: readonly Size[],
  steps: Size,
): View {
  const whole = (i: number): boolean => steps[i] === 1 && starts[i]!.every((n) => n === 0) && sameSize(counts[i]!, sizes[i]!);
  const axes = upTo(sizes.length).filter((i) => !whole(i));
  if (axes.length === 0) return view;
  const ends = axes.map((i) => {
    const end = combine((start, count) => start + count * steps[i]!, starts[i]!, counts[i]!);
    // Backwards past the first element.
    return steps[i]! < 0 && end.some((n) => n < 0) ? { fixed: -FARTHEST } : bound(to, end, sizes[i]!);
  });
  const first = axes.map((i) => bound(to, starts[i]!, sizes[i]!));
  const name = to.node('Slice', [
    view.name,
    bounds(to, first),
    bounds(to, ends),
    to.ints(axes.map((axis) => axisIn(view, axis))),
    to.ints(axes.map((i) => steps[i]!)),
  ]);
  return { name, perm: view.perm };
}
const slice: Rule = (call) =>
  sliced(
    call.to,
    call.to.view(call.inputs[0]!),
    call.shape(0),
    call.numbers('starts'),
    call.numbers('sizes'),
    call.numbers('steps').map(fixed),
  );

/** `x` with `steps - 1` elements of `value` after each along an axis. */
function spread(to: Builder, name: string, sizes: readonly Size[], axis: number, step: number, value: string): string {
  const ones = sizes[axis]!.map(() => 1);
  const apart = [...sizes.slice(0, axis + 1), ones, ...sizes.slice(axis + 1)];
  const wide = to.node('Reshape', [name, to.shape(apart)]);
  const pads = upTo(2 * apart.length).map((i) => (i === apart.length + axis + 1 ? step - 1 : 0));
  const padded = to.node('Pad', [wide, to.ints(pads), value]);
  const together = sizes.map((size, i) => (i === axis ? combine((n) => n * step, size) : size));
  // The length is the only one that is not read from the tensor itself.
  return to.node('Reshape', [padded, to.shape(together)]);
}
const embed: Rule = (call): View => {
  const { to, inputs: [x], output } = call;
  const steps = call.numbers('steps').map(fixed);
  const value = to.scalar(call.attr<number>('value'), output.dtype);
  let starts = call.numbers('starts');
  let view = to.view(x!);
  let sizes = [...x!.shape];
  const ones = sizes.map(() => 1);
  const backwards = steps.map((step) => step < 0);
  if (backwards.includes(true)) {
    const back = sizes.map((size, i) => (backwards[i] ? combine((n) => n - 1, size) : size.map(() => 0)));
    view = sliced(to, view, sizes, back, sizes, backwards.map((yes) => (yes ? -1 : 1)));
    starts = starts.map((start, i) => (backwards[i] ? combine((s, n) => s + (n - 1) * steps[i]!, start, sizes[i]!) : start));
  }
  steps.forEach((step, axis) => {
    if (Math.abs(step) === 1) return;
    view = { name: spread(to, to.settle(view), sizes, axis, Math.abs(step), value), perm: null };
    sizes = sizes.map((size, i) => (i === axis ? combine((n) => n * Math.abs(step), size) : size));
  });
  const after = output.shape.map((size, i) => combine((whole, start, own) => whole - start - own, size, starts[i]!, sizes[i]!));
  const back = view.perm === null ? upTo(ones.length) : inverse(view.perm);
  const pads = [...back.map((axis) => starts[axis]!), ...back.map((axis) => after[axis]!)];
  if (pads.every((size) => isFixed(size) && size[0] === 0)) return view;
  return { name: to.node('Pad', [view.name, to.shape(pads), value]), perm: view.perm };
};

const concatenate: Rule = (call): View => {
  const { names, perm } = alongside(call);
  const axis = call.attr<number>('axis');
  return { name: call.to.node('Concat', names, { axis: perm === null ? axis : perm[axis]! }), perm };
};

const reshape: Rule = ({ to, inputs: [x], output }) => to.node('Reshape', [to.name(x!), to.reshaped(x!.shape, output.shape)]);

/** Sizes to expand to: 1 where the tensor has the size already. */
const broadcast: Rule = ({ to, inputs: [x], output }) => {
  const lead = output.shape.length - x!.shape.length;
  const wanted = output.shape.map((size, i) => (i >= lead && sameSize(size, x!.shape[i - lead]!) ? size.map(() => 1) : size));
  return to.node('Expand', [to.name(x!), to.shape(wanted)]);
};

const iota: Rule = (call) =>
  call.to.range(call.number('size'), call.number('start'), call.attr<number>('step'), call.output.dtype);

const gather: Rule = (call) => call.to.node('Gather', call.all, { axis: call.attr<number>('axis') });
const gatherAlong: Rule = (call) => call.to.node('GatherElements', call.all, { axis: call.attr<number>('axis') });
const gatherBlock: Rule = (call) => {
  const { to } = call;
  const count = call.number('count');
  const one = to.node('Reshape', [to.node('Cast', [call.in(1)], { to: 7 }), to.ints([1])]);
  const last = to.size(combine((n, k) => n - k, call.shape(0)[0]!, count));
  const start = to.node('Min', [to.node('Max', [one, to.ints([0])]), last]);
  return to.node('Slice', [call.in(0), start, to.node('Add', [start, to.size(count)]), to.ints([0])]);
};
/** Slices that go to places along an axis. */
const scatter =
  (reduction: string): Rule =>
  (call) => {
    const { to } = call;
    const axis = call.attr<number>('axis');
    const updates = call.shape(2);
    const ones = updates[0]?.map(() => 1) ?? [1];
    const column = to.node('Reshape', [call.in(1), to.shape(updates.map((size, i) => (i === axis ? size : ones)))]);
    const indices = to.node('Expand', [column, to.shape(updates)]);
    return to.node('ScatterElements', [call.in(0), indices, call.in(2)], { axis, reduction });
  };
const scatterAlong: Rule = (call) => call.to.node('ScatterElements', call.all, { axis: call.attr<number>('axis'), reduction: 'add' });

/** Windows: the elements of each are gathered along every axis by their numbers. */
const windows: Rule = (call): View => {
  const { to } = call;
  const [axis, axes] = [call.attr<number>('axis'), call.attr<readonly (readonly [number, number, number, number])[]>('axes')];
  let name = call.in(0);
  for (const [d, [count, size, stride, dilation]] of [...axes.entries()].reverse()) {
    const places = makeTensor('int64', [count, size], (data) => {
      for (let i = 0; i < count * size; i++)
        (data as unknown as bigint[])[i] = BigInt(Math.floor(i / size) * stride + (i % size) * dilation);
    });
    name = to.node('Gather', [name, to.constant(places)], { axis: axis + d });
  }
  const [rank, k] = [call.shape(0).length, axes.length];
  const order = [
    ...upTo(axis),
    ...upTo(k).map((d) => axis + 2 * d),
    ...upTo(k).map((d) => axis + 2 * d + 1),
    ...upTo(rank - axis - k).map((i) => axis + 2 * k + i),
  ];
  return { name, perm: call.attr<readonly number[]>('perm').map((from) => order[from]!) };
};

/** The elements along an axis multiplied by a band matrix. */
const resample: Rule = (call): View => {
  const { to, inputs: [x] } = call;
  const [axis, transposedMatrix] = [call.attr<number>('axis'), call.attr<boolean>('transposed')];
  const { rows, columns, taps, starts, weights } = call.attr<{
    rows: number; columns: number; taps: number; starts: readonly number[]; weights: readonly number[];
  }>('matrix');
  const matrix = makeTensor(x!.dtype, transposedMatrix ? [rows, columns] : [columns, rows], (data) => {
    (data as Float32Array).fill(0);
    for (let r = 0; r < rows; r++) {
      for (let t = 0; t < taps; t++) {
        const c = starts[r]! + t;
        if (c < columns) (data as Float32Array)[transposedMatrix ? r * columns + c : c * rows + r]! += weights[r * taps + t]!;
      }
    }
  });
  const rank = x!.shape.length;
  const last = [...upTo(rank).filter((i) => i !== axis), axis];
  const view = to.view(x!);
  const name = to.node('MatMul', [to.settle({ name: view.name, perm: last.map((i) => axisIn(view, i)) }), to.constant(matrix)]);
  return { name, perm: inverse(last) };
};

/** Windows of the last two axes laid `hop` apart and added up. */
const overlapAdd: Rule = (call) => {
  const { to, inputs: [x], output } = call;
  const [count, length] = x!.shape.slice(-2).map(fixed) as [number, number];
  const hop = call.attr<number>('hop');
  const places = makeTensor('int64', [count * length], (data) => {
    for (let i = 0; i < count * length; i++) (data as unknown as bigint[])[i] = BigInt(Math.floor(i / length) * hop + (i % length));
  });
  const rows = [...x!.shape.slice(0, -2), x!.shape[0]!.map(() => count * length)];
  const flat = to.node('Reshape', [to.name(x!), to.reshaped(x!.shape, rows)]);
  const indices = to.node('Expand', [to.constant(places), to.shape(rows)]);
  const zeros = to.node('Expand', [to.scalar(0, output.dtype), to.shape(output.shape)]);
  return to.node('ScatterElements', [zeros, indices, flat], { axis: -1, reduction: 'add' });
};

/** Rules by the names of primitives. */
export const movement: Readonly<Record<string, Rule>> = {
  identity: same,
  stop_gradient: same,
  copy: same,
  transpose: transposed,
  reshape,
  slice,
  embed,
  concatenate,
  broadcast_to: broadcast,
  iota,
  gather,
  gather_along: gatherAlong,
  gather_block: gatherBlock,
  scatter_add: scatter('add'),
  scatter_max: scatter('max'),
  scatter_min: scatter('min'),
  scatter_mul: scatter('mul'),
  scatter_set: scatter('none'),
  scatter_add_along: scatterAlong,
  windows,
  overlap_add: overlapAdd,
  resample,
};
