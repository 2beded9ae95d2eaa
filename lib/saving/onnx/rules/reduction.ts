// Primitives that reduce, accumulate or order along axes.
import { dtypeBytes } from '../../../base/dtype.js';
import type { Builder, View } from '../builder.js';
import { isFixed, type Size } from '../symbolic-graph.js';
import { axisIn, combine, upTo, type Call, type Rule } from './rule.js';

/** Where the axes that are left stand after others are gone. */
function without(view: View, axes: readonly number[], rank: number): number[] {
  const gone = axes.map((axis) => axisIn(view, axis));
  const left = upTo(rank).filter((axis) => !gone.includes(axis));
  return upTo(rank).filter((axis) => !axes.includes(axis)).map((axis) => left.indexOf(axisIn(view, axis)));
}
const runOf = (call: Call): number[] => upTo(call.attr<number>('count')).map((i) => call.attr<number>('axis') + i);

const reduce =
  (opType: string): Rule =>
  (call): View => {
    const { to, inputs: [x] } = call;
    const view = to.view(x!);
    const axes = runOf(call);
    // Extremes of bools and of small whole numbers go by a type that all runtimes take.
    const small = dtypeBytes(x!.dtype) < 4 && !x!.dtype.includes('float');
    const read = small ? to.cast(view.name, 'int32', x!.dtype) : view.name;
    const made = to.node(opType, [read, to.ints(axes.map((axis) => axisIn(view, axis)).sort((a, b) => a - b))], { keepdims: 0 });
    const name = small ? to.cast(made, call.output.dtype, 'int32') : made;
    return { name, perm: without(view, axes, x!.shape.length) };
  };

/** Neighbouring axes as one. */
function merged(to: Builder, call: Call): { name: string; axis: number } {
  const [axis, count] = [call.attr<number>('axis'), call.attr<number>('count')];
  const shape = call.shape(0);
  if (count === 1) return { name: call.in(0), axis };
  const size = shape.slice(axis, axis + count).reduce((product, one) => combine((a, b) => a * b, product, one));
  const target = [...shape.slice(0, axis), size, ...shape.slice(axis + count)];
  return { name: to.node('Reshape', [call.in(0), to.reshaped(shape, target)]), axis };
}
const place =
  (opType: string): Rule =>
  (call) => {
    const { name, axis } = merged(call.to, call);
    return call.to.cast(call.to.node(opType, [name], { axis, keepdims: 0 }), 'int32');
  };
const normalize =
  (opType: string): Rule =>
  (call): View => {
    const { to, inputs: [x] } = call;
    const view = to.view(x!);
    if (call.attr<number>('count') === 1) {
      const axis = axisIn(view, call.attr<number>('axis'));
      return { name: to.node(opType, [view.name], { axis }), perm: view.perm };
    }
    const { name, axis } = merged(to, call);
    return { name: to.node('Reshape', [to.node(opType, [name], { axis }), to.shape(x!.shape)]), perm: null };
  };

const cumulate: Rule = (call) =>
  call.to.node('CumSum', [call.in(0), call.to.scalar(call.attr<number>('axis'), 'int64')], { reverse: Number(call.attr<boolean>('reverse')) });

/** All elements of the last axis in order, or the first `k`. */
function ordered(call: Call, k: Size, largest: boolean): [values: string, places: string] {
  const { to } = call;
  const [values, places] = to.nodeOf('TopK', [call.in(0), to.size(k)], { axis: -1, largest: Number(largest), sorted: 1 }, 2);
  return [values!, to.cast(places!, 'int32')];
}
const lastOf = (call: Call): Size => call.shape(0).at(-1)!;

/** How many elements of the sequence come before each value. */
const search: Rule = (call) => {
  const { to } = call;
  const values = call.shape(1);
  const ones = (values[0] ?? call.shape(0)[0])!.map(() => 1);
  const column = to.node('Reshape', [call.in(1), to.reshaped(values, [...values, ones])]);
  const before = to.node(call.attr<boolean>('right') ? 'LessOrEqual' : 'Less', [call.in(0), column]);
  return to.node('ReduceSum', [to.cast(before, 'int32', 'bool'), to.ints([-1])], { keepdims: 0 });
};

/** The running product: for every place, the product of all elements up to it. */
const cumprod: Rule = (call) => {
  const { to, inputs: [x] } = call;
  const [axis, reverse] = [call.attr<number>('axis'), call.attr<boolean>('reverse')];
  const rank = x!.shape.length;
  const size = x!.shape[axis]!;
  const count = to.range(size, size.map(() => 0), 1, 'int64');
  const [row, column] = [to.node('Reshape', [count, to.ints([1, -1])]), to.node('Reshape', [count, to.ints([-1, 1])])];
  const upToIt = to.node(reverse ? 'GreaterOrEqual' : 'LessOrEqual', [row, column]);
  const last = [...upTo(rank).filter((i) => i !== axis), axis];
  const view = to.view(x!);
  const rows = to.settle({ name: view.name, perm: last.map((i) => axisIn(view, i)) });
  const wide = to.node('Unsqueeze', [rows, to.ints([rank - 1])]);
  const chosen = to.node('Where', [upToIt, wide, to.scalar(1, x!.dtype)]);
  const name = to.node('ReduceProd', [chosen, to.ints([-1])], { keepdims: 0 });
  return { name, perm: upTo(rank).map((i) => last.indexOf(i)) };
};

/** Rules by the names of primitives. */
export const reductions: Readonly<Record<string, Rule>> = {
  sum: reduce('ReduceSum'),
  prod: reduce('ReduceProd'),
  max: reduce('ReduceMax'),
  min: reduce('ReduceMin'),
  logsumexp: reduce('ReduceLogSumExp'),
  argmax: place('ArgMax'),
  argmin: place('ArgMin'),
  softmax: normalize('Softmax'),
  log_softmax: normalize('LogSoftmax'),
  cumsum: cumulate,
  cumprod,
  sort: (call) => ordered(call, lastOf(call), false)[0],
  argsort: (call) => ordered(call, lastOf(call), false)[1],
  top_k: (call) => ordered(call, isFixed(call.number('k')) ? call.number('k') : call.output.shape.at(-1)!, true),
  searchsorted: search,
};
