// Special functions, views of bits, and connectionist temporal classification: what recordings and the tests of all primitives leave out.
import { describe, expect, it } from '@jest/globals';
import { Input, losses, ops, vjp, type Tensor } from 'keratin';
import { values } from '../../helpers/ops.js';

const list = (x: Tensor) => ([x.tolist()] as unknown[]).flat(Infinity) as number[];

// From mpmath, to 17 and 14 digits: P(a, x) and its derivative by a.
const GAMMAINC = [
  [0.5, 0.1, 0.34527915398142298, -0.8229360969796],
  [1, 1, 0.63212055882855768, -0.4317297106349],
  [2.5, 7, 0.98439058389973309, -0.021723057738324],
  [30, 25, 0.18210391597745511, -0.049954877425835],
  [300, 330, 0.95510977612998703, -0.0053774997524592],
  [0.01, 3, 0.99986702864342984, -0.013547187572805],
];

describe('gammainc', () => {
  it.each(GAMMAINC)('of %p and %p', (a, x, value, slope) => {
    const scalar = (v: number) => ops.convertToTensor(v, { dtype: 'float64' });
    const [result, pullback] = vjp((u: Tensor, v: Tensor) => ops.gammainc(u, v), scalar(a), scalar(x));
    const [byA, byX] = pullback(scalar(1)) as unknown as [Tensor, Tensor];
    expect(result.item() / value).toBeCloseTo(1, 12);
    expect(byA.item() / slope).toBeCloseTo(1, 10);
    const step = 1e-6 * x;
    const difference = (ops.gammainc(scalar(a), scalar(x + step)).item() - ops.gammainc(scalar(a), scalar(x - step)).item()) / (2 * step);
    expect(byX.item()).toBeCloseTo(difference, 7);
    expect(ops.gammainc(a, ops.convertToTensor(x, { dtype: 'float32' })).item() / value).toBeCloseTo(1, 4);
  });
  it('at the ends of its ranges, as JAX has it', () => {
    const found = ops.gammainc([0, 0, 1, 1, Infinity, -1, 1, NaN, 0], [1, 0, 0, Infinity, 1, 1, -1, 1, Infinity]);
    expect(list(found)).toEqual([1, NaN, 0, 1, NaN, NaN, NaN, NaN, 1]);
  });
});

it('i0 grows until it overflows', () => {
  const x = ops.convertToTensor([0, 713, 715, -Infinity, NaN], { dtype: 'float64' });
  expect(list(ops.i0(x))).toEqual([1, expect.closeTo(6.708e307, -305), Infinity, Infinity, NaN]);
  expect(ops.i0(ops.convertToTensor([1], { dtype: 'float16' })).dtype).toBe('float16');
  expect(ops.i0([1]).dtype).toBe('float32');
});

describe('view', () => {
  const x = ops.convertToTensor([[1, -2, 3, 0]], { dtype: 'float32' });
  it('goes there and back between all sizes', () => {
    for (const dtype of [
      'int8',
      'uint8',
      'int16',
      'uint16',
      'float16',
      'bfloat16',
      'int32',
      'uint32',
      'int64',
      'uint64',
      'float64',
    ] as const) {
      const seen = ops.view(x, { dtype });
      expect(seen.shape).toEqual([1, 16 / (Number(/\d+/.exec(dtype)) / 8)]);
      expect(ops.view(seen, { dtype: 'float32' }).tolist()).toEqual(x.tolist());
    }
    expect(ops.view(x)).toBe(x);
    expect(x.view({ dtype: 'uint32' }).tolist()).toEqual([[0x3f800000, 0xc0000000, 0x40400000, 0]]);
    expect(ops.view(ops.convertToTensor([258], { dtype: 'int16' }), { dtype: 'bool' }).tolist()).toEqual([true, true]);
    expect(ops.view([true, false], { dtype: 'uint8' }).tolist()).toEqual([1, 0]);
    expect(ops.view(1.5, { dtype: 'int32' }).shape).toEqual([]);
  });
  it('works on symbols', () => {
    expect(ops.view(Input({ shape: [6] }), { dtype: 'int16' }).shape).toEqual([null, 12]);
  });
  it('says what does not fit', () => {
    expect(() => ops.view(1.5, { dtype: 'int8' })).toThrow(/a scalar of float32 cannot be seen as int8/);
    expect(() => ops.view([1, 2, 3], { dtype: 'float64' })).toThrow(/has 12 bytes, no multiple/);
  });
});

describe('ctcLoss', () => {
  const logits = ops.reshape(ops.sin(ops.arange(2 * 6 * 4)), [2, 6, 4]);
  it('is large and finite where the labels do not fit', () => {
    const [loss] = list(ops.ctcLoss([[1, 1, 1, 1, 1], [1, 2, 3, 1, 2]], logits, [5, 5], [6, 6]));
    expect(loss).toBeGreaterThan(1e5);
    expect(loss).toBeLessThan(1e6);
  });
  it('is the loss of losses.CTC', () => {
    const labels = [[1, 2, 0], [3, 3, 1]];
    const each = ops.ctcLoss(labels, logits, [2, 3], [6, 6]);
    expect(list(losses.ctc(labels, logits))).toEqual(list(each));
    expect(new losses.CTC()(labels, logits).item()).toBeCloseTo(ops.mean(each).item(), 5);
  });
  it('works on symbols and in 16 bits', () => {
    const steps = Input({ shape: [6, 4] });
    expect(
      ops.ctcLoss(Input({ shape: [3], dtype: 'int32' }), steps, Input({ shape: [], dtype: 'int32' }), Input({ shape: [], dtype: 'int32' }))
        .shape,
    ).toEqual([null]);
    expect(ops.ctcLoss([[1], [2]], ops.cast(logits, 'bfloat16'), [1, 1], [6, 6]).dtype).toBe('float32');
    const [labels, scores] = ops.ctcDecode(steps, Input({ shape: [], dtype: 'int32' }), { strategy: 'beam_search', topPaths: 2 });
    expect([labels.shape, scores.shape]).toEqual([[2, null, 6], [null, 2]]);
  });
  it('says what does not fit', () => {
    expect(() => ops.ctcLoss([1, 2], logits, [1, 1], [6, 6])).toThrow(/target must have the shape \(2, labels\)/);
    expect(() => ops.ctcLoss([[1], [2]], logits, [1], [6, 6])).toThrow(/targetLength must have the shape \(2,\), received \(1,\)/);
    expect(() => ops.ctcLoss([[1], [2]], logits, [1, 1], [6, 6], { maskIndex: 4 })).toThrow(/maskIndex must be one of the 4 classes/);
    expect(() => ops.ctcDecode(logits, [6, 6], { strategy: 'beam' as never })).toThrow(/strategy must be 'greedy' or 'beam_search'/);
    expect(() => ops.ctcDecode(logits, [6, 6], { strategy: 'beam_search', beamWidth: 0 })).toThrow(/beamWidth must be an integer >= 1/);
  });
});

it('greedy decoding merges what is repeated, or not', () => {
  const classes = [1, 1, 0, 1, 2, 2];
  const logits = ops.expandDims(ops.oneHot(classes, 3), 0);
  const decode = (options: object, length = 6) => ops.ctcDecode(logits, [length], options)[0].tolist();
  expect(decode({})).toEqual([[[1, 1, 2, -1, -1, -1]]]);
  expect(decode({ mergeRepeated: false })).toEqual([[[1, 1, 1, 2, 2, -1]]]);
  expect(decode({ maskIndex: null })).toEqual([[[1, 0, 1, -1, -1, -1]]]);
  expect(decode({}, 4)).toEqual([[[1, 1, -1, -1, -1, -1]]]);
  expect(values(ops.ctcDecode(logits, [4])[1])).toEqual([-4]);
});

it('kaiser has a gradient by its shape', () => {
  const beta = ops.convertToTensor(3, { dtype: 'float32' });
  const [, pullback] = vjp((b: Tensor) => ops.kaiser(5, b), beta);
  const [slope] = pullback(ops.ones([5]));
  const difference = (ops.sum(ops.kaiser(5, 3.01)).item() - ops.sum(ops.kaiser(5, 2.99)).item()) / 0.02;
  expect(slope.item()).toBeCloseTo(difference, 3);
  expect(ops.kaiser(0, 1).shape).toEqual([0]);
  expect(() => ops.kaiser(2.5, 1)).toThrow(/integer >= 0/);
});
