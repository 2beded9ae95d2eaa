// ONNX operators that move, make or pick elements.
import { normalizeAxis } from '../../../base/shape.js';
import { castTo } from '../../../core/cast.js';
import { filled } from '../../../core/convert.js';
import type { Tensor } from '../../../core/tensor.js';
import * as ops from '../../../ops/index.js';
import * as p from '../../../ops/primitives/index.js';
import { checkSize, numberLike, typeNamed, upTo, wholeNumbers, type Operator, type OperatorCall } from './call.js';

/** Axes that are an attribute in older versions, an input in newer ones; of a tensor of `rank`. */
function axesOf(call: OperatorCall, rank: number, i = 1): number[] | null {
  return call.either('axes', i)?.map((axis) => normalizeAxis(axis, rank, call.operator)) ?? null;
}
const reshape: Operator = (call) => {
  const x = call.input(0);
  const wanted = call.either('shape', 1)!;
  const sizes = wanted.map((d, i) => (d === 0 && call.number('allowzero', 0) === 0 ? (x.shape[i] ?? 0) : d));
  const known = sizes.filter((d) => d !== -1).reduce((a, b) => a * b, 1);
  return p.reshape(x, sizes.map((d) => (d === -1 ? (known === 0 ? 0 : x.size / known) : d)));
};
const flattenFrom: Operator = (call) => {
  const x = call.input(0);
  const axis = call.number('axis', 1);
  const at = axis < 0 ? axis + x.ndim : axis;
  const rows = x.shape.slice(0, at).reduce((a, b) => a * b, 1);
  return p.reshape(x, [rows, rows === 0 ? 0 : x.size / rows]);
};
const transpose: Operator = (call) => {
  const x = call.input(0);
  return p.transpose(x, call.numbers('perm') ?? upTo(x.ndim).reverse());
};
const squeeze: Operator = (call) => {
  const x = call.input(0);
  return ops.squeeze(x, { axis: axesOf(call, x.ndim) });
};
const unsqueeze: Operator = (call) => {
  const x = call.input(0);
  const given = call.either('axes', 1)!;
  return ops.expandDims(x, axesOf(call, x.ndim + given.length)!.sort((a, b) => a - b));
};
const split: Operator = (call) => {
  const x = call.input(0);
  const axis = call.axis(0);
  const size = x.shape[axis]!;
  const count = call.has('num_outputs') ? call.number('num_outputs', 1) : call.outputs;
  const each = Math.ceil(size / count);
  const sizes = call.either('split', 1) ?? upTo(count).map((i) => Math.max(0, Math.min(each, size - i * each)));
  let at = 0;
  return sizes.map((length) => {
    const starts = x.shape.map((_, i) => (i === axis ? at : 0));
    at += length;
    if (at > size) throw new RangeError(`${call.operator}: parts of ${sizes.join(', ')} do not fit an axis of ${size}`);
    return p.slice(x, starts, x.shape.map((d, i) => (i === axis ? length : d)));
  });
};
/** Bounds may lie outside, and count from the end when they are negative. */
const slice: Operator = (call) => {
  const x = call.input(0);
  const [starts, ends] = [call.either('starts', 1)!, call.either('ends', 2)!];
  const axes = (call.either('axes', 3) ?? upTo(starts.length)).map((axis) => normalizeAxis(axis, x.ndim, call.operator));
  const by = call.list(4) ?? starts.map(() => 1);
  const [from, sizes, steps] = [x.shape.map(() => 0), [...x.shape], x.shape.map(() => 1)];
  axes.forEach((axis, i) => {
    const [n, step] = [x.shape[axis]!, by[i]!];
    if (step === 0) throw new RangeError(`${call.operator}: a step must not be 0`);
    const place = (at: number, low: number, high: number): number => Math.min(Math.max(at < 0 ? at + n : at, low), high);
    const start = step > 0 ? place(starts[i]!, 0, n) : place(starts[i]!, 0, n - 1);
    const end = step > 0 ? place(ends[i]!, 0, n) : place(ends[i]!, -1, n - 1);
    [from[axis], sizes[axis], steps[axis]] = [start, Math.max(0, Math.ceil((end - start) / step)), step];
  });
  if (sizes.includes(0)) return filled(sizes, 0, x.dtype);
  return p.slice(x, from, sizes, steps);
};
const gather: Operator = (call) => p.gather(call.input(0), castTo(call.input(1), 'int32'), call.axis(0));
const gatherElements: Operator = (call) => {
  const [x, indices, axis] = [call.input(0), castTo(call.input(1), 'int32'), call.axis(0)];
  const fits = x.shape.map((d, i) => (i === axis ? d : indices.shape[i]!));
  return p.gatherAlong(p.slice(x, x.shape.map(() => 0), fits), indices, axis);
};
/** The number of an element in the first `count` axes, from its places along them. */
function flatPlaces(indices: Tensor, shape: readonly number[]): Tensor {
  const count = indices.shape.at(-1)!;
  const lead = indices.shape.slice(0, -1);
  const at = (i: number): Tensor => p.reshape(p.slice(indices, [...lead.map(() => 0), i], [...lead, 1]), lead);
  return upTo(count).reduce<Tensor | null>((total, i) => {
    const own = at(i);
    const size = numberLike(shape[i]!, own);
    const place = p.select(p.less(own, numberLike(0, own)), p.add(own, size), own);
    return total === null ? place : p.add(p.multiply(total, size), place);
  }, null)!;
}
const gatherND: Operator = (call) => {
  const [x, indices] = [call.input(0), castTo(call.input(1), 'int32')];
  if (call.number('batch_dims', 0) !== 0) throw new TypeError(`${call.operator}: batch_dims are not supported`);
  const count = indices.shape.at(-1)!;
  const rows = p.reshape(x, [x.shape.slice(0, count).reduce((a, b) => a * b, 1), ...x.shape.slice(count)]);
  return p.gather(rows, flatPlaces(indices, x.shape), 0);
};
const SCATTERS: Readonly<Record<string, (base: Tensor, places: Tensor, updates: Tensor, axis: number) => Tensor>> = {
  none: p.scatterSet, add: p.scatterAdd, mul: p.scatterMultiply, max: p.scatterMax, min: p.scatterMin,
};
const scatterOf = (call: OperatorCall): (typeof SCATTERS)[string] => {
  const name = call.text('reduction', 'none');
  if (!Object.hasOwn(SCATTERS, name)) throw new TypeError(`${call.operator}: the reduction ${name} is not known`);
  return SCATTERS[name]!;
};
const scatterND: Operator = (call) => {
  const [x, indices, updates] = [call.input(0), castTo(call.input(1), 'int32'), call.input(2)];
  const count = indices.shape.at(-1)!;
  const rest = x.shape.slice(count);
  const rows = p.reshape(x, [x.shape.slice(0, count).reduce((a, b) => a * b, 1), ...rest]);
  const places = flatPlaces(indices, x.shape);
  return p.reshape(scatterOf(call)(rows, p.reshape(places, [places.size]), p.reshape(updates, [places.size, ...rest]), 0), x.shape);
};
const scatterElements: Operator = (call) => {
  const [x, indices, updates, axis] = [call.input(0), castTo(call.input(1), 'int32'), call.input(2), call.axis(0)];
  const along = upTo(x.ndim).map((d) => {
    const own = p.reshape(p.iota(indices.shape[d]!, 'int32'), indices.shape.map((size, i) => (i === d ? size : 1)));
    return d === axis ? indices : p.broadcastTo(own, indices.shape);
  });
  const places = flatPlaces(ops.stack(along, { axis: -1 }), x.shape);
  const flat = scatterOf(call)(p.reshape(x, [x.size]), p.reshape(places, [places.size]), p.reshape(updates, [updates.size]), 0);
  return p.reshape(flat, x.shape);
};
const expand: Operator = (call) => {
  const [x, wanted] = [call.input(0), call.list(1)!];
  const rank = Math.max(x.ndim, wanted.length);
  const own = [...upTo(rank - x.ndim).map(() => 1), ...x.shape];
  const shape = own.map((d, i) => (d === 1 ? (wanted[i - rank + wanted.length] ?? 1) : d));
  checkSize(call.operator, shape);
  return p.broadcastTo(x, shape);
};
const tile: Operator = (call) => {
  const [x, times] = [call.input(0), call.list(1)!];
  checkSize(call.operator, x.shape.map((d, i) => d * (times[i] ?? 1)));
  return ops.tile(x, times);
};
const pad: Operator = (call) => {
  const x = call.input(0);
  const mode = call.text('mode', 'constant');
  const pads = call.either('pads', 1) ?? call.numbers('paddings')!;
  const axes = call.list(3)?.map((axis) => normalizeAxis(axis, x.ndim, call.operator)) ?? upTo(x.ndim);
  const widths = x.shape.map((): [number, number] => [0, 0]);
  axes.forEach((axis, i) => (widths[axis] = [pads[i]!, pads[i + axes.length]!]));
  // Negative ones cut.
  const cut = widths.map((pair) => pair.map((n) => Math.max(0, -n)) as [number, number]);
  const shape = x.shape.map((d, i) => d - cut[i]![0] - cut[i]![1]);
  const kept = p.slice(x, cut.map(([low]) => low), shape);
  const padded = widths.map((pair) => pair.map((n) => Math.max(0, n)) as [number, number]);
  checkSize(call.operator, shape.map((d, i) => d + padded[i]![0] + padded[i]![1]));
  if (mode === 'constant') {
    const value = call.numberOf(2) ?? call.number('value', 0);
    return p.embed(kept, shape.map((d, i) => d + padded[i]![0] + padded[i]![1]), padded.map(([low]) => low), shape.map(() => 1), value);
  }
  if (mode === 'edge') return around(kept, padded, (i, n) => Math.min(Math.max(i, 0), n - 1));
  if (mode === 'wrap') return around(kept, padded, (i, n) => ((i % n) + n) % n);
  if (mode !== 'reflect') throw new TypeError(`${call.operator}: the mode ${mode} is not known`);
  return ops.pad(kept, padded, { mode });
};
/** Further elements around a tensor, each of which is one that `from` names by its place and the size. */
function around(x: Tensor, widths: readonly (readonly [number, number])[], from: (i: number, n: number) => number): Tensor {
  return widths.reduce((t, [low, high], axis) => {
    if (low + high === 0) return t;
    const n = t.shape[axis]!;
    return p.gather(t, wholeNumbers(upTo(n + low + high).map((i) => from(i - low, n)), 'int32'), axis);
  }, x);
}
const range: Operator = (call) => {
  const [start, limit, delta] = [call.numberOf(0)!, call.numberOf(1)!, call.numberOf(2)!];
  const size = Math.max(0, Math.ceil((limit - start) / delta));
  checkSize(call.operator, [size]);
  return castTo(p.add(p.multiply(p.iota(size, 'float64'), numberLike(delta, p.iota(0, 'float64'))), numberLike(start, p.iota(0, 'float64'))), call.input(0).dtype);
};
const constantOfShape: Operator = (call) => {
  const shape = call.list(0)!;
  checkSize(call.operator, shape);
  const value = call.tensor('value');
  return value === null ? filled(shape, 0, 'float32') : p.broadcastTo(p.reshape(value, []), shape);
};
const oneHot: Operator = (call) => {
  const [given, depth, values] = [call.input(0), call.numberOf(1)!, call.input(2)];
  const axis = normalizeAxis(call.number('axis', -1), given.ndim + 1, call.operator);
  checkSize(call.operator, [...given.shape, depth]);
  const indices = ops.expandDims(castTo(given, 'int32'), axis);
  const places = p.select(p.less(indices, numberLike(0, indices)), p.add(indices, numberLike(depth, indices)), indices);
  const classes = p.reshape(p.iota(depth, 'int32'), upTo(given.ndim + 1).map((i) => (i === axis ? depth : 1)));
  const at = (i: number): Tensor => p.reshape(p.slice(values, [i], [1]), []);
  return p.select(p.equal(places, classes), at(1), at(0));
};
const trilu: Operator = (call) => {
  const [x, k] = [call.input(0), call.numberOf(1) ?? 0];
  const [rows, columns] = x.shape.slice(-2) as [number, number];
  const distance = p.subtract(p.iota(columns, 'int32'), p.reshape(p.iota(rows, 'int32'), [rows, 1]));
  const kept = (call.number('upper', 1) === 1 ? p.greaterEqual : p.lessEqual)(distance, numberLike(k, distance));
  return p.select(kept, x, numberLike(0, x));
};
const depthToSpace: Operator = (call) => {
  const [x, b] = [call.input(0), call.number('blocksize', 1)];
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const depth = c / (b * b);
  const columns = call.text('mode', 'DCR') === 'CRD';
  const apart = p.reshape(x, columns ? [n, depth, b, b, h, w] : [n, b, b, depth, h, w]);
  return p.reshape(p.transpose(apart, columns ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2]), [n, depth, h * b, w * b]);
};
const spaceToDepth: Operator = (call) => {
  const [x, b] = [call.input(0), call.number('blocksize', 1)];
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const apart = p.reshape(x, [n, c, h / b, b, w / b, b]);
  return p.reshape(p.transpose(apart, [0, 3, 5, 1, 2, 4]), [n, c * b * b, h / b, w / b]);
};
const shapeOf: Operator = (call) => {
  const { shape } = call.input(0);
  const place = (n: number): number => Math.min(Math.max(n < 0 ? n + shape.length : n, 0), shape.length);
  return wholeNumbers(shape.slice(place(call.number('start', 0)), place(call.has('end') ? call.number('end', 0) : shape.length)));
};
const eyeLike: Operator = (call) => {
  const [rows, columns] = call.input(0).shape as [number, number];
  const dtype = call.has('dtype') ? typeNamed(call, 'dtype') : call.input(0).dtype;
  return castTo(ops.eye(rows, { M: columns, k: call.number('k', 0) }), dtype);
};
const reverseSequence: Operator = (call) => {
  const [x, lengths] = [call.input(0), castTo(call.input(1), 'int32')];
  const [time, batch] = [call.number('time_axis', 0), call.number('batch_axis', 1)];
  const along = (axis: number, t: Tensor): Tensor => p.reshape(t, x.shape.map((d, i) => (i === axis ? d : 1)));
  const step = along(time, p.iota(x.shape[time]!, 'int32'));
  const length = along(batch, lengths);
  const places = p.select(p.less(step, length), p.subtract(p.subtract(length, step), numberLike(1, step)), step);
  return p.gatherAlong(x, p.broadcastTo(places, x.shape), time);
};

/** Operators by name. */
export const movement: Readonly<Record<string, Operator>> = {
  Reshape: reshape, Flatten: flattenFrom, Transpose: transpose, Squeeze: squeeze, Unsqueeze: unsqueeze, Split: split, Slice: slice,
  Concat: (call) => p.concatenate(call.all, call.axis(0)),
  Gather: gather, GatherElements: gatherElements, GatherND: gatherND, ScatterND: scatterND, ScatterElements: scatterElements,
  Scatter: scatterElements, Expand: expand, Tile: tile, Pad: pad, Range: range, ConstantOfShape: constantOfShape, OneHot: oneHot,
  Trilu: trilu, DepthToSpace: depthToSpace, SpaceToDepth: spaceToDepth, Shape: shapeOf, EyeLike: eyeLike, ReverseSequence: reverseSequence,
  Size: (call) => castTo(p.reshape(wholeNumbers([call.input(0).size]), []), 'int64'),
  Compress: (call) => {
    const [x, keep] = [call.input(0), call.list(1)!];
    const places = wholeNumbers(keep.flatMap((n, i) => (n === 0 ? [] : [i])), 'int32');
    return call.has('axis') ? p.gather(x, places, call.axis(0)) : p.gather(p.reshape(x, [x.size]), places, 0);
  },
  NonZero: (call) => {
    const values = call.list(0)!;
    const { shape } = call.input(0);
    const strides = shape.map((_, i) => shape.slice(i + 1).reduce((a, b) => a * b, 1));
    const found = values.flatMap((n, i) => (n === 0 ? [] : [i]));
    const places = strides.flatMap((stride, d) => found.map((i) => Math.floor(i / stride) % shape[d]!));
    return p.reshape(wholeNumbers(places), [shape.length, found.length]);
  },
  Constant: (call) => {
    const value = call.tensor('value');
    if (value !== null) return value;
    if (call.has('value_float')) return castTo(p.reshape(wholeNumbers([call.number('value_float', 0)], 'float32'), []), 'float32');
    if (call.has('value_int')) return p.reshape(wholeNumbers([call.number('value_int', 0)]), []);
    if (call.has('value_floats')) return wholeNumbers(call.numbers('value_floats')!, 'float32');
    if (call.has('value_ints')) return wholeNumbers(call.numbers('value_ints')!);
    throw new TypeError('Constant: only numbers are supported');
  },
};
