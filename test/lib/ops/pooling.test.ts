// Pooling and windows beyond the recordings: what ties and NaN do, dtypes, data formats, symbols, threads of work, errors.
import { describe, expect, it } from '@jest/globals';
import { jit, KerasTensor, ops, random, type Tensor, vjp } from 'keratin';

const list = (x: Tensor) => ([x.tolist()] as unknown[]).flat(Infinity) as number[];
const count = (...shape: number[]): Tensor => ops.reshape(ops.arange(shape.reduce((a, b) => a * b, 1), { dtype: 'float32' }), shape);
const gradient = (fn: (x: Tensor) => Tensor, x: Tensor): Tensor => {
  const [y, pullback] = vjp(fn, x);
  return pullback(ops.ones(y.shape, { dtype: y.dtype }))[0];
};
const channelsFirst = (x: Tensor) => ops.moveaxis(x, -1, 1);

describe('maxPool', () => {
  it('gives its gradient to the first of the largest elements', () => {
    const ties = ops.ones([1, 4, 1]);
    expect(list(gradient((x) => ops.maxPool(x, 2), ties))).toEqual([1, 0, 1, 0]);
    expect(list(gradient((x) => ops.maxPool(x, 3, { strides: 1, padding: 'same' }), ties))).toEqual([2, 1, 1, 0]);
  });

  it('keeps NaN and infinities', () => {
    for (const channels of [1, 5, 40]) {
      const rows = ops.convertToTensor([1, NaN, -Infinity, -Infinity, 3, Infinity], { dtype: 'float32' });
      const x = ops.broadcastTo(ops.reshape(rows, [1, 6, 1]), [1, 6, channels]);
      expect(list(ops.maxPool(x, 2))).toEqual([NaN, -Infinity, Infinity].flatMap((v) => new Array<number>(channels).fill(v)));
      const slopes = gradient((t) => ops.maxPool(t, 2), x);
      expect(list(slopes)).toEqual([0, 1, 1, 0, 0, 1].flatMap((v) => new Array<number>(channels).fill(v)));
    }
  });

  it('keeps the dtype', () => {
    for (const dtype of [
      'bool',
      'uint8',
      'uint16',
      'uint32',
      'int8',
      'int16',
      'int32',
      'int64',
      'float16',
      'bfloat16',
      'float32',
      'float64',
    ] as const) {
      const x = ops.cast([[[0], [1], [1], [0], [0], [0]]], dtype);
      const y = ops.maxPool(x, 2);
      expect([y.dtype, ops.cast(y, 'int32').tolist()]).toEqual([dtype, [[[1], [1], [0]]]]);
    }
    expect(list(ops.maxPool(ops.cast([[[-128], [-3]]], 'int8'), 2))).toEqual([-3]);
  });
});

describe('averagePool', () => {
  it('makes integers floats', () => {
    const y = ops.averagePool(ops.cast([[[1], [2], [3]]], 'int32'), 2, { strides: 1 });
    expect([y.dtype, list(y)]).toEqual(['float32', [1.5, 2.5]]);
  });
  it('counts only what there is', () => {
    expect(list(ops.averagePool([[[2], [4], [9]]], 2, { padding: 'same' }))).toEqual([3, 9]);
    expect(list(gradient((x) => ops.averagePool(x, 2, { padding: 'same' }), ops.ones([1, 3, 1])))).toEqual([0.5, 0.5, 1]);
  });
});

describe.each([['maxPool', ops.maxPool], ['averagePool', ops.averagePool]] as const)('%s', (_, pool) => {
  it.each([3, 9])('is the same in both data formats, of %i channels', (channels) => {
    const x = random.normal([2, 7, 5, 4, channels], { seed: 1 });
    const options = { strides: [2, 1, 3], padding: 'same' } as const;
    const last = pool(x, [3, 2, 2], options);
    expect(list(pool(channelsFirst(x), [3, 2, 2], { ...options, dataFormat: 'channels_first' }))).toEqual(list(channelsFirst(last)));
    const slopes = gradient((t) => ops.square(pool(t, [3, 2, 2], options)), x);
    const first = gradient((t) => ops.square(pool(t, [3, 2, 2], { ...options, dataFormat: 'channels_first' })), channelsFirst(x));
    expect(list(first)).toEqual(list(channelsFirst(slopes)));
  });

  it('is the same cut into many units, samples or channels', () => {
    const x = random.normal([3, 60, 20, 33], { seed: 2 });
    const fn = (t: Tensor) => pool(t, [5, 3], { strides: [2, 1], padding: 'same' });
    const whole = fn(x);
    const slopes = gradient(fn, x);
    const part = ops.getItem(x, [{ start: 1, stop: 2 }, '...', { start: 30, stop: 33 }]);
    const cut = (t: Tensor) => ops.getItem(t, [{ start: 1, stop: 2 }, '...', { start: 30, stop: 33 }]);
    expect(list(fn(part))).toEqual(list(cut(whole)));
    expect(list(gradient(fn, part))).toEqual(list(cut(slopes)));
    // The same as the sum over taps, each of which is one element of every window.
    expect(Math.abs(list(ops.sum(slopes))[0] - whole.size)).toBeLessThan(whole.size * 1e-5);
  });

  it('works on symbols, compiled, empty batches and as a method', () => {
    const x = count(2, 4, 4, 1);
    expect(pool(new KerasTensor([null, 8, null, 3], 'float32'), 2).shape).toEqual([null, 4, null, 3]);
    expect(list(jit((t: Tensor) => pool(t, 2))(x))).toEqual(list(pool(x, 2)));
    expect(pool(ops.zeros([0, 4, 4, 3]), 2).shape).toEqual([0, 2, 2, 3]);
    expect(pool(ops.zeros([2, 4, 4, 0]), 2).shape).toEqual([2, 2, 2, 0]);
    expect(list(x.maxPool(2, { strides: 1 }))).toEqual(list(ops.maxPool(x, 2, { strides: 1 })));
  });

  it('says what does not fit', () => {
    const x = ops.zeros([1, 4, 4, 1]);
    expect(() => pool(x, 5)).toThrow(
      /Computed output size would be zero or negative: windows of poolSize \[5, 5\] do not fit inputs of shape \(1, 4, 4, 1\)/,
    );
    expect(() => pool(x, [2, 2, 2])).toThrow(/poolSize must be an integer >= 1 or an array of 2 of them, received \[2, 2, 2\]/);
    expect(() => pool(x, 2, { strides: 0 })).toThrow(/strides must be an integer >= 1/);
    expect(() => pool(x, 2, { padding: 'smae' as never })).toThrow(
      /padding must be 'valid' or 'same', received 'smae'; did you mean 'same'\?/,
    );
    expect(() => pool(x, 2, { dataFormat: 'last' as never })).toThrow(/dataFormat must be 'channels_last' or 'channels_first'/);
    expect(() => pool(x, 2, { stride: 1 } as never)).toThrow(/unknown option 'stride'; did you mean 'strides'\?/);
    expect(() => pool(ops.zeros([4, 4]), 2)).toThrow(/received shape \(4, 4\)/);
  });
});

describe('adaptive pooling', () => {
  it('covers the input with windows of about equal length', () => {
    const x = count(1, 7, 1);
    expect(list(ops.adaptiveMaxPool(x, 3))).toEqual([2, 4, 6]);
    expect(list(ops.adaptiveAveragePool(x, 3))).toEqual([1, 3, 5]);
    expect(list(ops.adaptiveAveragePool(count(1, 2, 1), 5))).toEqual([0, 0, 0.5, 1, 1]);
    expect(list(gradient((t) => ops.adaptiveAveragePool(t, 3), x)).map((v) => Math.round(v * 6) / 6)).toEqual(
      [2, 2, 4, 2, 4, 2, 2].map((v) => v / 6),
    );
  });
  it('is pooling where the sizes divide', () => {
    const x = random.normal([2, 6, 8, 5], { seed: 3 });
    expect(list(ops.adaptiveMaxPool(x, [3, 2]))).toEqual(list(ops.maxPool(x, [2, 4])));
    expect(list(ops.adaptiveAveragePool(x, [3, 2]))).toEqual(list(ops.averagePool(x, [2, 4])));
  });
});

describe('windows', () => {
  it('fold adds up what unfold repeats', () => {
    const x = random.normal([2, 3, 7, 6], { seed: 4 });
    const options = { dilation: [1, 2], padding: [1, 0], stride: [2, 1] } as const;
    const times = ops.fold(ops.unfold(ops.ones(x.shape), [3, 2], options), [7, 6], [3, 2], options);
    const sums = ops.fold(ops.unfold(x, [3, 2], options), [7, 6], [3, 2], options);
    list(ops.subtract(sums, ops.multiply(x, times))).forEach((difference) => expect(Math.abs(difference)).toBeLessThan(1e-5));
    expect(ops.fold(ops.ones([1, 4, 1], { dtype: 'float16' }), 4, 2, { stride: 3 }).dtype).toBe('float16');
  });
  it('of a sequence may be none', () => {
    expect(ops.extractSequences(ops.zeros([2, 3]), 4, 1).shape).toEqual([2, 0, 4]);
    expect(ops.extractSequences([1, 2, 3, 4, 5], 3, 2).tolist()).toEqual([[1, 2, 3], [3, 4, 5]]);
    expect(ops.extractSequences(new KerasTensor([null, 9], 'float32'), 3, 2).shape).toEqual([null, 4, 3]);
  });
  it('blocks and depth are each other’s inverse', () => {
    for (const dataFormat of ['channels_last', 'channels_first'] as const) {
      const x = count(2, 4, 4, 4);
      expect(list(ops.depthToSpace(ops.spaceToDepth(x, 2, { dataFormat }), 2, { dataFormat }))).toEqual(list(x));
      expect(list(ops.spaceToDepth(ops.depthToSpace(x, 2, { dataFormat }), 2, { dataFormat }))).toEqual(list(x));
    }
  });
  it('block by block: the channels of a pixel, or the pixels of a channel, are neighbours', () => {
    const pixels = count(1, 2, 2, 2);
    expect(list(ops.spaceToDepth(pixels, 2))).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(list(ops.spaceToDepth(pixels, 2, { dataFormat: 'channels_first' }))).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(list(ops.depthToSpace(count(1, 8, 1, 1), 2, { dataFormat: 'channels_first' }))).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });
  it('say what does not fit', () => {
    expect(() => ops.unfold(ops.zeros([1, 2, 3]), 2)).toThrow(/must be a 4D tensor/);
    expect(() => ops.fold(ops.zeros([1, 5, 4]), 3, 2)).toThrow(/must be divisible by the elements of a window, 2 \* 2/);
    expect(() => ops.fold(ops.zeros([1, 4, 5]), 3, 2)).toThrow(/have 2 \* 2 windows/);
    expect(() => ops.extractSequences(5, 1, 1)).toThrow(/rank >= 1/);
    expect(() => ops.depthToSpace(ops.zeros([1, 2, 2, 6]), 2)).toThrow(/must be divisible by blockSize\*\*2 \(4\)/);
    expect(() => ops.spaceToDepth(ops.zeros([1, 3, 2, 6]), 2)).toThrow(/Height \(3\) must be divisible/);
    expect(() => ops.spaceToDepth(ops.zeros([1, 4, 4, 1]), 1)).toThrow(/blockSize must be an integer >= 2/);
  });
});

describe('patches', () => {
  it('are put together again', () => {
    for (const dataFormat of ['channels_last', 'channels_first'] as const) {
      for (const [shape, size] of [[[2, 6, 4, 3], [3, 2]], [[2, 4, 6, 4, 3], [2, 3, 2]]] as const) {
        const x = dataFormat === 'channels_last' ? count(...shape) : channelsFirst(count(...shape));
        const patches = ops.image.extractPatches(x, size, { dataFormat });
        expect(list(ops.image.reconstructPatches(patches, size, shape.slice(1, -1), { dataFormat }))).toEqual(list(x));
      }
    }
    const x = count(5, 7, 2);
    const patches = ops.image.extractPatches(x, 3, { padding: 'same' });
    expect(patches.shape).toEqual([2, 3, 18]);
    expect(list(ops.image.reconstructPatches(patches, 3, [5, 7], { padding: 'same' }))).toEqual(list(x));
  });
  it('know unknown sizes', () => {
    expect(ops.image.extractPatches(new KerasTensor([null, 8, 8, 3], 'float32'), 4).shape).toEqual([null, 2, 2, 48]);
    expect(ops.image.reconstructPatches(new KerasTensor([null, 2, 2, 48], 'float32'), 4, [8, 8]).shape).toEqual([null, 8, 8, 3]);
  });
  it('say what does not fit', () => {
    const x = ops.zeros([1, 4, 4, 1]);
    expect(() => ops.image.extractPatches(x, 5)).toThrow(/Computed output size would be zero or negative/);
    expect(() => ops.image.extractPatches(x, [1, 2, 3, 4])).toThrow(/Invalid `size` argument/);
    expect(() => ops.image.extractPatches(ops.zeros([4, 4]), 2)).toThrow(/expected 3 axes, or 4 with a batch axis/);
    expect(() => ops.image.reconstructPatches(x, 2, [8, 8])).toThrow(/not divisible by prod\(size\)/);
    expect(() => ops.image.reconstructPatches(ops.zeros([1, 2, 2, 4]), 2, [4, 5])).toThrow(/width 5 is not 2 \* 2/);
    expect(() => ops.image.reconstructPatches(ops.zeros([1, 2, 2, 4]), 2, [4, 4], { strides: 1 })).toThrow(/strides must equal size/);
  });
});
