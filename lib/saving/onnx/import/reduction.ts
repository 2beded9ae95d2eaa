// ONNX operators that reduce, normalize or order along axes.
import { normalizeAxis } from '../../../base/shape.js';
import { castTo } from '../../../core/cast.js';
import type { Tensor } from '../../../core/tensor.js';
import * as ops from '../../../ops/index.js';
import * as p from '../../../ops/primitives/index.js';
import { numberLike, upTo, type Operator, type OperatorCall } from './call.js';

type Reduction = (x: Tensor, options: { axis: number[]; keepdims: boolean }) => Tensor;
/** Axes are an attribute in older versions; none are all, unless the operator is told to do nothing. */
const reduce =
  (fn: Reduction): Operator =>
  (call) => {
    const x = call.input(0);
    const given = call.either('axes', 1);
    if (given === null || given.length === 0) {
      if (call.number('noop_with_empty_axes', 0) === 1) return x;
      return fn(x, { axis: upTo(x.ndim), keepdims: call.number('keepdims', 1) === 1 });
    }
    const axis = given.map((n) => normalizeAxis(n, x.ndim, call.operator));
    return fn(x, { axis, keepdims: call.number('keepdims', 1) === 1 });
  };
/** Sums keep the dtype, also of small whole numbers. */
const sum: Reduction = (x, options) => castTo(ops.sum(x, options), x.dtype);

const place =
  (fn: typeof ops.argmax): Operator =>
  (call) => {
    const x = call.input(0);
    const axis = call.axis(0);
    const keepdims = call.number('keepdims', 1) === 1;
    if (call.number('select_last_index', 0) === 0) return castTo(fn(x, { axis, keepdims }), 'int64');
    const last = fn(ops.flip(x, { axis }), { axis, keepdims });
    return castTo(p.subtract(numberLike(x.shape[axis]! - 1, last), last), 'int64');
  };

/** Up to version 12 all axes from `axis` on count together. */
const normalized =
  (fn: (x: Tensor, axis: number, count: number) => Tensor): Operator =>
  (call) => {
    const x = call.input(0);
    if (call.opset >= 13) return fn(x, call.axis(-1), 1);
    const axis = call.axis(1);
    return fn(x, axis, x.ndim - axis);
  };
const hardmax: Operator = (call) => {
  const [x, axis] = [call.input(0), call.axis(-1)];
  const best = ops.argmax(x, { axis, keepdims: true });
  const places = p.reshape(p.iota(x.shape[axis]!, 'int32'), x.shape.map((d, i) => (i === axis ? d : 1)));
  return castTo(p.equal(places, castTo(best, 'int32')), x.dtype);
};

const topK: Operator = (call) => {
  const axis = call.axis(-1);
  const x = ops.moveaxis(call.input(0), axis, -1);
  const k = call.has('k') ? call.number('k', 1) : call.numberOf(1)!;
  if (!Number.isInteger(k) || k < 0 || k > x.shape.at(-1)!) throw new RangeError(`${call.operator}: k is ${k}, but the axis has ${x.shape.at(-1)!}`);
  const largest = call.number('largest', 1) === 1;
  const places = largest ? p.topK(x, k)[1]! : p.slice(p.argsort(x), x.shape.map(() => 0), [...x.shape.slice(0, -1), k]);
  const values = largest ? p.topK(x, k)[0]! : p.gatherAlong(x, places, x.ndim - 1);
  return [ops.moveaxis(values, -1, axis), castTo(ops.moveaxis(places, -1, axis), 'int64')];
};
const cumsum: Operator = (call) => {
  const x = call.input(0);
  const axis = normalizeAxis(call.numberOf(1)!, x.ndim, call.operator);
  const total = p.cumsum(x, axis, call.number('reverse', 0) === 1);
  return call.number('exclusive', 0) === 1 ? p.subtract(total, x) : total;
};

/** (x - mean) / deviation over axes, in float32 at least. */
function standardized(x: Tensor, axis: number[], epsilon: number): [result: Tensor, mean: Tensor, inverse: Tensor] {
  const wide = x.dtype === 'float64' ? x : castTo(x, 'float32');
  const mean = ops.mean(wide, { axis, keepdims: true });
  const centred = p.subtract(wide, mean);
  const variance = ops.mean(p.square(centred), { axis, keepdims: true });
  const inverse = p.rsqrt(p.add(variance, numberLike(epsilon, variance)));
  return [castTo(p.multiply(centred, inverse), x.dtype), mean, inverse];
}
const affine = (x: Tensor, scale: Tensor | null, bias: Tensor | null): Tensor => {
  const scaled = scale === null ? x : p.multiply(x, scale);
  return bias === null ? scaled : p.add(scaled, bias);
};
const layerNormalization: Operator = (call) => {
  const x = call.input(0);
  const axis = call.axis(-1);
  const [result, mean, inverse] = standardized(x, upTo(x.ndim).slice(axis), call.number('epsilon', 1e-5));
  return [affine(result, call.optional(1), call.optional(2)), mean, inverse].slice(0, call.outputs);
};
/** A value for each channel beside a tensor with the channels after the batch. */
const perChannel = (t: Tensor, rank: number): Tensor => p.reshape(t, [t.size, ...upTo(rank - 2).map(() => 1)]);
const instanceNormalization: Operator = (call) => {
  const x = call.input(0);
  const [result] = standardized(x, upTo(x.ndim).slice(2), call.number('epsilon', 1e-5));
  return affine(result, perChannel(call.input(1), x.ndim), perChannel(call.input(2), x.ndim));
};
const groupNormalization: Operator = (call) => {
  const x = call.input(0);
  const groups = call.number('num_groups', 1);
  const [n, c, ...spatial] = x.shape as [number, number, ...number[]];
  const [result] = standardized(p.reshape(x, [n, groups, c / groups, ...spatial]), upTo(x.ndim + 1).slice(2), call.number('epsilon', 1e-5));
  // Up to version 20 there is a scale for each group.
  const each = (t: Tensor): Tensor =>
    t.size === c ? perChannel(t, x.ndim) : perChannel(ops.repeat(t, c / t.size, { axis: 0 }), x.ndim);
  return affine(p.reshape(result, x.shape), each(call.input(1)), each(call.input(2)));
};
const rmsNormalization: Operator = (call) => {
  const x = call.input(0);
  const axis = upTo(x.ndim).slice(call.axis(-1));
  const square = ops.mean(p.square(x), { axis, keepdims: true });
  return p.multiply(p.multiply(x, p.rsqrt(p.add(square, numberLike(call.number('epsilon', 1e-5), square)))), call.input(1));
};
/** Inference: the statistics are inputs. */
const batchNormalization: Operator = (call) => {
  if (call.outputs > 1) throw new TypeError(`${call.operator}: the training mode is not supported; export the model for inference`);
  const x = call.input(0);
  const [scale, bias, mean, variance] = [1, 2, 3, 4].map((i) => call.input(i)) as [Tensor, Tensor, Tensor, Tensor];
  const factor = p.multiply(scale, p.rsqrt(p.add(variance, numberLike(call.number('epsilon', 1e-5), variance))));
  const offset = p.subtract(bias, p.multiply(mean, factor));
  const beside = (t: Tensor): Tensor => castTo(x.ndim > 2 ? perChannel(t, x.ndim) : t, x.dtype);
  return p.add(p.multiply(x, beside(factor)), beside(offset));
};
const meanVariance: Operator = (call) => {
  const x = call.input(0);
  return standardized(x, call.numbers('axes') ?? [0, 2, 3], 1e-9)[0];
};
const lpNormalization: Operator = (call) => {
  const [x, axis] = [call.input(0), call.axis(-1)];
  const size = call.number('p', 2) === 1 ? ops.sum(p.absolute(x), { axis, keepdims: true }) : p.sqrt(ops.sum(p.square(x), { axis, keepdims: true }));
  return p.divide(x, size);
};
/** Local response normalization over the channels. */
const lrn: Operator = (call: OperatorCall) => {
  const x = call.input(0);
  const size = call.number('size', 1);
  const before = Math.floor((size - 1) / 2);
  const c = x.shape[1]!;
  const wide = x.shape.map((d, i) => (i === 1 ? d + size - 1 : d));
  const padded = p.embed(p.square(x), wide, x.shape.map((_, i) => (i === 1 ? before : 0)), x.shape.map(() => 1), 0);
  const window = (i: number): Tensor => p.slice(padded, x.shape.map((_, d) => (d === 1 ? i : 0)), x.shape.map((d, k) => (k === 1 ? c : d)));
  const total = upTo(size).map(window).reduce((a, b) => p.add(a, b));
  const base = p.add(p.multiply(total, numberLike(call.number('alpha', 1e-4) / size, x)), numberLike(call.number('bias', 1), x));
  return p.divide(x, p.power(base, numberLike(call.number('beta', 0.75), x)));
};

/** Operators by name. */
export const reductions: Readonly<Record<string, Operator>> = {
  ReduceSum: reduce(sum), ReduceMean: reduce(ops.mean), ReduceMax: reduce(ops.max), ReduceMin: reduce(ops.min),
  ReduceProd: reduce((x, options) => castTo(ops.prod(x, options), x.dtype)),
  ReduceL1: reduce((x, options) => sum(p.absolute(x), options)),
  ReduceL2: reduce((x, options) => p.sqrt(sum(p.square(x), options))),
  ReduceSumSquare: reduce((x, options) => sum(p.square(x), options)),
  ReduceLogSum: reduce((x, options) => p.log(sum(x, options))),
  ReduceLogSumExp: reduce((x, options) => ops.logsumexp(x, options)),
  ArgMax: place(ops.argmax), ArgMin: place(ops.argmin),
  Softmax: normalized(p.softmax), LogSoftmax: normalized(p.logSoftmax), Hardmax: hardmax, TopK: topK, CumSum: cumsum,
  LayerNormalization: layerNormalization, InstanceNormalization: instanceNormalization, GroupNormalization: groupNormalization,
  RMSNormalization: rmsNormalization, BatchNormalization: batchNormalization, MeanVarianceNormalization: meanVariance,
  LpNormalization: lpNormalization, LRN: lrn,
};
