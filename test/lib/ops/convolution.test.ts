// Convolutions: dtypes, symbols, layouts, epilogues and errors. Values and gradients of Keras are in the recordings.
import { describe, expect, it } from '@jest/globals';
import { Input, jit, ops, random, vjp, type Tensor } from 'keratin';
import type { DType } from '#lib/base/dtype.js';
import type { KerasTensor } from '#lib/symbolic/keras-tensor.js';
import { expectWithin, tolerance } from '../../helpers/tolerance.js';

const draw = (...shape: number[]): Tensor => random.uniform(shape, { minval: -1, maxval: 1, seed: shape.length });
const flat = (x: Tensor): number[] => Array.from(ops.cast(x, 'float64').data as Float64Array);
const last = (x: Tensor): Tensor => ops.transpose(x, [0, ...x.shape.slice(2).map((_, i) => i + 2), 1]);

describe('dtypes', () => {
  const [x, kernel] = [draw(2, 6, 5, 3), draw(3, 2, 3, 4)];
  it.each(['float16', 'bfloat16'] as DType[])('computes %s in float32', (dtype) => {
    const [narrowX, narrowKernel] = [ops.cast(x, dtype), ops.cast(kernel, dtype)];
    const y = ops.conv(narrowX, narrowKernel, { padding: 'same' });
    expect(y.dtype).toBe(dtype);
    const wide = ops.conv(ops.cast(narrowX, 'float32'), ops.cast(narrowKernel, 'float32'), { padding: 'same' });
    expect(flat(y)).toEqual(flat(ops.cast(wide, dtype)));
  });
  it('gives the inputs the dtype of the kernel', () => {
    expect(ops.conv(ops.ones([1, 3, 1], { dtype: 'int32' }), ops.ones([2, 1, 1])).dtype).toBe('float32');
    expect(ops.depthwiseConv(ops.ones([1, 3, 2]), ops.ones([2, 2, 1], { dtype: 'float64' })).dtype).toBe('float64');
    expect(ops.convTranspose(ops.ones([1, 3, 2], { dtype: 'float64' }), ops.ones([2, 1, 2])).dtype).toBe('float32');
  });
  it('wraps integers around, and combines bools by or and and', () => {
    const y = ops.conv(ops.full([1, 2, 1], 100, { dtype: 'int8' }), ops.full([2, 1, 1], 1, { dtype: 'int8' }));
    expect([y.dtype, y.item()]).toEqual(['int8', 200 - 256]);
    expect(ops.depthwiseConv(ops.full([1, 2, 2], 3, { dtype: 'int64' }), ops.full([2, 2, 2], 5, { dtype: 'int64' })).tolist()).toEqual([
      [[30, 30, 30, 30]],
    ]);
    const bools = ops.conv(ops.convertToTensor([[[true], [false], [false]]]), ops.convertToTensor([[[true]], [[true]]]));
    expect([bools.dtype, bools.tolist()]).toEqual(['bool', [[[true], [false]]]]);
  });
});

describe('symbols', () => {
  const shapeOf = (x: KerasTensor) => x.shape;
  it('keep unknown sizes', () => {
    const x = Input([null, 8, 3]);
    expect(shapeOf(ops.conv(x, draw(3, 3, 3, 4)))).toEqual([null, null, 6, 4]);
    expect(shapeOf(ops.conv(x, draw(3, 3, 3, 4), { padding: 'same', strides: 2 }))).toEqual([null, null, 4, 4]);
    expect(shapeOf(ops.conv(x, draw(16, 2, 3, 4), { strides: [16, 2] }))).toEqual([null, null, 4, 4]);
    expect(shapeOf(ops.depthwiseConv(x, draw(3, 3, 3, 2)))).toEqual([null, null, 6, 6]);
    expect(shapeOf(ops.separableConv(x, draw(3, 3, 3, 2), draw(1, 1, 6, 5)))).toEqual([null, null, 6, 5]);
    expect(shapeOf(ops.convTranspose(x, draw(3, 3, 4, 3), { strides: 2 }))).toEqual([null, null, 17, 4]);
  });
});

it('an empty batch gives an empty batch', () => {
  const x = ops.zeros([0, 5, 5, 2]);
  expect(ops.conv(x, draw(3, 3, 2, 4)).shape).toEqual([0, 3, 3, 4]);
  expect(ops.depthwiseConv(x, draw(3, 3, 2, 2)).shape).toEqual([0, 3, 3, 4]);
  expect(ops.convTranspose(x, draw(3, 3, 4, 2)).shape).toEqual([0, 7, 7, 4]);
  const [, pullback] = vjp((kernel: Tensor) => ops.conv(x, kernel), draw(3, 3, 2, 4));
  const gradient = pullback(ops.zeros([0, 3, 3, 4])) as unknown as [Tensor];
  expect(flat(gradient[0])).toEqual(new Array(72).fill(0));
});

describe('layouts', () => {
  const options = { strides: 2, padding: 'same' as const };
  it('agree', () => {
    const x = draw(2, 3, 7, 6);
    for (const [fn, ...kernels] of [
      [ops.conv, draw(3, 2, 3, 4)],
      [ops.depthwiseConv, draw(3, 2, 3, 2)],
      [ops.separableConv, draw(3, 2, 3, 2), draw(1, 1, 6, 4)],
      [ops.convTranspose, draw(3, 2, 4, 3)],
    ] as const) {
      const call = fn as unknown as (...args: unknown[]) => Tensor;
      const first = call(x, ...kernels, { ...options, dataFormat: 'channels_first' });
      expect(flat(last(first))).toEqual(flat(call(last(x), ...kernels, { ...options, dataFormat: 'channels_last' })));
    }
  });
  it('makes a grouped convolution of depthwise ones', () => {
    const [x, kernel] = [draw(2, 4, 5, 6, 3), draw(2, 3, 2, 3, 2)];
    const depthwise = ops.depthwiseConv(x, kernel, { padding: 'same' });
    const grouped = ops.conv(x, ops.reshape(kernel, [2, 3, 2, 1, 6]), { padding: 'same' });
    expectWithin(flat(depthwise), flat(grouped), tolerance('float32', 'reduction', 12));
    const channels = [0, 1, 2].map((c) =>
      ops.conv(ops.slice(x, [0, 0, 0, 0, c], [2, 4, 5, 6, 1]), ops.slice(kernel, [0, 0, 0, c, 0], [2, 3, 2, 1, 2]), { padding: 'same' }),
    );
    expectWithin(flat(depthwise), flat(ops.concatenate(channels, { axis: -1 })), tolerance('float32', 'reduction', 12));
  });
});

describe('compiled', () => {
  // Bias, activation and residual ride on the product, by rows that run through all images.
  it.each([
    ['of several taps', [3, 3, 5, 20], 1],
    ['of one', [1, 1, 5, 20], 1],
    ['with steps', [3, 3, 5, 20], 2],
    ['with many filters', [2, 2, 5, 600], 1],
  ] as const)('a convolution %s takes an epilogue', (_, shape, strides) => {
    const [x, kernel, bias] = [draw(3, 9, 7, 5), draw(...shape), draw(shape[3])];
    const layer = (input: Tensor, weights: Tensor, offset: Tensor) => {
      const y = ops.relu(ops.add(ops.conv(input, weights, { padding: 'same', strides }), offset));
      return ops.add(y, ops.multiply(y, 2));
    };
    const scaled = (input: Tensor, weights: Tensor, offset: Tensor) => {
      const y = ops.conv(input, weights, { padding: 'same', strides });
      return ops.tanh(ops.add(y, ops.reshape(ops.slice(offset, [0], [y.shape[2]]), [1, y.shape[2], 1])));
    };
    for (const fn of [layer, scaled]) expect(flat(jit(fn)(x, kernel, bias))).toEqual(flat(fn(x, kernel, bias)));
  });
  it('a transposed and a depthwise convolution take one too', () => {
    for (const strides of [1, 2]) {
      const transposed = (x: Tensor, kernel: Tensor) => ops.relu(ops.add(ops.convTranspose(x, kernel, { strides }), 0.5));
      const depthwise = (x: Tensor, kernel: Tensor) => ops.relu(ops.add(ops.depthwiseConv(x, kernel, { strides }), 0.5));
      const [x, kernel] = [draw(2, 6, 5, 3), draw(3, 2, 4, 3)];
      expect(flat(jit(transposed)(x, kernel))).toEqual(flat(transposed(x, kernel)));
      const own = draw(3, 2, 3, 1);
      expect(flat(jit(depthwise)(x, own))).toEqual(flat(depthwise(x, own)));
    }
  });
});

describe('errors', () => {
  const [x, kernel] = [draw(1, 5, 5, 4), draw(3, 3, 4, 6)];
  it.each([
    ['channels', () => ops.conv(x, draw(3, 3, 3, 6)), /4 channels of the inputs must be a multiple of the 3/],
    ['groups', () => ops.conv(x, draw(3, 3, 2, 3)), /3 filters cannot be divided into 2 groups/],
    [
      'rank',
      () => ops.conv(draw(1, 5, 4), kernel),
      /conv: a kernel for inputs of shape \(1, 5, 4\) has 3 axes, received shape \(3, 3, 4, 6\)/,
    ],
    ['no spatial axis', () => ops.conv(draw(5, 4), draw(4, 6)), /conv: expected inputs with 1 to 3 spatial axes/],
    ['emptiness', () => ops.conv(x, draw(6, 1, 4, 6)), /the output would be empty/],
    [
      'strides',
      () => ops.conv(x, kernel, { strides: [1, 0] }),
      /conv: strides must be an integer >= 1 or an array of 2 of them, received \[1, 0\]/,
    ],
    ['number of strides', () => ops.conv(x, kernel, { strides: [2] }), /array of 2 of them, received \[2\]/],
    [
      'padding',
      () => ops.conv(x, kernel, { padding: 'valdi' as 'valid' }),
      /padding must be 'valid' or 'same', received 'valdi'; did you mean 'valid'/,
    ],
    ['format', () => ops.conv(x, kernel, { dataFormat: 'channels_frist' as 'channels_first' }), /did you mean 'channels_first'/],
    ['an option', () => ops.conv(x, kernel, { stride: 2 } as never), /conv: unknown option 'stride'; did you mean 'strides'/],
    [
      'depthwise channels',
      () => ops.depthwiseConv(x, draw(3, 3, 2, 1)),
      /depthwiseConv: the inputs have 4 channels, but the kernel of shape \(3, 3, 2, 1\) takes 2/,
    ],
    ['pointwise channels', () => ops.separableConv(x, draw(3, 3, 4, 1), draw(1, 1, 3, 2)), /separableConv: the inputs have 4 channels/],
    ['transposed channels', () => ops.convTranspose(x, draw(3, 3, 4, 6)), /convTranspose: the inputs have 4 channels, but .* takes 6/],
    [
      'an empty depthwise output',
      () => ops.depthwiseConv(ops.ones([1, 2, 2, 3]), ops.ones([5, 5, 3, 1])),
      /too small for a kernel of shape/,
    ],
    ['output padding', () => ops.convTranspose(x, draw(3, 3, 6, 4), { outputPadding: -1 }), /outputPadding must be an integer >= 0/],
  ])('name %s', (_, call, message) => expect(call).toThrow(message));
});
