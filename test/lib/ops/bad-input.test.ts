// What is no index, size, axis or shape: NumPy's meaning, or an error that names it; never foreign memory, an abort or minutes of work.
import { describe, expect, it } from '@jest/globals';
import * as keras from '#lib/index.js';

const { initializers, ops, random, layers } = keras;
const grid = ops.reshape(ops.arange(20), [5, 4]);
const holes = (...entries: unknown[]): never => {
  const list = new Array<unknown>(entries.length);
  entries.forEach((entry, i) => {
    if (entry !== undefined) list[i] = entry;
  });
  return list as never;
};

describe('indices', () => {
  it.each<[string, unknown]>([
    ['a fraction as start', { start: 2.5 }],
    ['NaN as stop', { stop: NaN }],
    ['a fraction as step', { step: 1.5 }],
    ['a string', 'foo'],
    ['a string in an array', ['0:1', 0]],
    ['an unknown key', { begin: 1 }],
    ['a boolean', true],
    ['undefined', undefined],
    ['a function', () => 0],
    ['a fraction', 0.5],
    ['a fraction beside a tensor', [ops.convertToTensor([0]), 0.5]],
    ['a symbol', Symbol('x')],
    ['a date', new Date(0)],
  ])('getItem refuses %s', (_, key) => {
    expect(() => ops.getItem(grid, key as never)).toThrow(/^getItem: /);
  });

  it('getItem reads arrays and typed arrays as NumPy does', () => {
    expect(ops.getItem(grid, Int32Array.of(2, 0) as never).tolist()).toEqual([[8, 9, 10, 11], [0, 1, 2, 3]]);
    expect(ops.getItem(grid, [[2, 0]] as never).tolist()).toEqual([[8, 9, 10, 11], [0, 1, 2, 3]]);
    expect(ops.getItem(grid, [[2, 0], 1] as never).tolist()).toEqual([9, 1]);
    expect(ops.getItem(grid, [] as never).tolist()).toEqual(grid.tolist());
    expect(ops.getItem(grid, { start: -Infinity, stop: Infinity, step: 2 }).shape).toEqual([3, 4]);
  });

  it('at takes an index for each of several axes', () => {
    expect(grid.at(0, 1).item()).toBe(1);
    expect(grid.at(-1).tolist()).toEqual([16, 17, 18, 19]);
  });

  it('take names an index that is out of range, whatever its size', () => {
    expect(() => ops.take(grid, [2 ** 40], { axis: 0 })).toThrow(/take: index 1099511627776 is out of range/);
    expect(() => ops.take(grid, 2 ** 40, { axis: 0 })).toThrow(/take: index 1099511627776 is out of range/);
    expect(() => ops.take(grid, ops.convertToTensor([-(2 ** 40)], { dtype: 'int64' }), { axis: 0 })).toThrow(/-1099511627776/);
    expect(() => ops.take(grid, 0.5, { axis: 0 })).toThrow(/take: an index must be an integer, received 0.5/);
    expect(ops.take(grid, ops.convertToTensor([4, -1], { dtype: 'int64' }), { axis: 0 }).tolist()).toEqual([
      [16, 17, 18, 19],
      [16, 17, 18, 19],
    ]);
  });
});

describe('whole numbers', () => {
  it.each<[string, () => unknown]>([
    ['slice: startIndices', () => ops.slice(grid, [1.5, 0], [2, 2])],
    ['slice: shape', () => ops.slice(grid, [1, 0], [2.5, 2])],
    ['repeat: repeats', () => ops.repeat(grid, 1.7)],
    ['repeat: repeats', () => ops.repeat(grid, [1, 2, NaN, 1, 1], { axis: 0 })],
    ['eye: k', () => ops.eye(3, { k: 0.5 })],
    ['eye: N', () => ops.eye(NaN)],
    ['tri: M', () => ops.tri(3, { M: '4' as never })],
    ['tril: k', () => ops.tril(grid, { k: 0.5 })],
    ['triu: k', () => ops.triu(grid, { k: '1' as never })],
    ['diag: k', () => ops.diag([1, 2], { k: 1.5 })],
    ['diagflat: k', () => ops.diagflat(ops.zeros([0]), { k: NaN })],
    ['diagflat: k', () => ops.diagflat(ops.zeros([0]), { k: [1.5, 3] as never })],
    ['diagonal: offset', () => ops.diagonal(grid, { offset: 0.5 })],
    ['trace: offset', () => ops.trace(grid, { offset: NaN })],
    ['rot90: k', () => ops.rot90(grid, { k: 0.5 })],
    ['roll: shift', () => ops.roll(grid, 0.5)],
    ['tile: a shape', () => ops.tile(grid, 1.5)],
    ['split: indicesOrSections', () => ops.split(grid, [1.5])],
    ['split: the number of parts', () => ops.split(grid, 2.5)],
    ['inTopK: k', () => ops.inTopK([0], [[1, 2]], 0.5)],
    ['reshape: newshape', () => ops.reshape(grid, [2.5, 8])],
    ['expandDims: axis', () => ops.expandDims(grid, { axis: 0 } as never)],
    ['oneHot: numClasses', () => ops.oneHot([0, 1], { numClasses: 3 } as never)],
    ['transpose: axes', () => ops.transpose(grid, 'ab' as never)],
    ['stack: expected an array of tensors', () => ops.stack(3 as never)],
    ['tensordot: axes', () => ops.tensordot(grid, grid, { axes: 'x' as never })],
    ['sum: axis', () => ops.sum(grid, { axis: 'x' as never })],
    ['randint: minval', () => random.randint([2], 0.5, 3)],
    ['categorical: numSamples', () => random.categorical([[0, 1]], 1.5)],
  ])('%s is named', (message, call) => {
    expect(call).toThrow(message);
  });

  it('leave no shape without whole sizes behind', () => {
    expect(() => ops.zeros([NaN])).toThrow(/whole sizes/);
    const [a, b] = [ops.add([1, 2], 1), ops.add([5, 6], 1)];
    expect([a.tolist(), b.tolist()]).toEqual([[2, 3], [6, 7]]);
  });
});

describe('holes in arrays', () => {
  const x = ops.ones([4, 3, 2, 2]);
  it.each<[string, () => unknown]>([
    ...(
      [
        'sum',
        'prod',
        'max',
        'min',
        'mean',
        'std',
        'var',
        'all',
        'any',
        'logsumexp',
        'countNonzero',
        'median',
        'squeeze',
        'flip',
        'nansum',
        'nanmean',
      ] as const
    ).map((name): [string, () => unknown] => [
      name,
      () => (ops[name] as (x: keras.Tensor, options: object) => unknown)(x, { axis: holes(undefined, 0) }),
    ]),
    ['reshape', () => ops.reshape(x, holes(undefined, 12))],
    ['transpose', () => ops.transpose(x, holes(0, undefined, 2, 3))],
    ['expandDims', () => ops.expandDims(x, holes(undefined, 0))],
    ['moveaxis', () => ops.moveaxis(x, holes(undefined, 0), [0, 1])],
    ['tile', () => ops.tile(x, holes(undefined, 2))],
    ['pad', () => ops.pad(x, holes(undefined, [1, 1], [1, 1], [1, 1]))],
    ['slice', () => ops.slice(x, holes(undefined, 0, 0, 0), [1, 1, 1, 1])],
    ['getItem', () => ops.getItem(x, holes(undefined, 0))],
    ['broadcastTo', () => ops.broadcastTo(x, holes(undefined, 3, 2, 2))],
    ['zeros', () => ops.zeros(holes(undefined, 3))],
    ['normal', () => random.normal(holes(undefined, 3))],
    ['stack', () => ops.stack(holes(undefined, x))],
    ['convertToTensor', () => ops.convertToTensor(holes(undefined, 1))],
    ['maxPool', () => ops.maxPool(x, holes(undefined, 2))],
    ['Conv2D', () => new layers.Conv2D(2, holes(undefined, 2))],
    ['Reshape', () => new layers.Reshape(holes(undefined, 2))],
    ['LayerNormalization', () => new layers.LayerNormalization({ axis: holes(undefined, 1) })],
    ['Permute', () => new layers.Permute(holes(undefined, 1))],
  ])('are refused by %s', (_, call) => {
    expect(call).toThrow(/undefined|ragged/);
  });
});

describe('sizes that no memory holds', () => {
  const image = ops.ones([4, 4, 3]);
  it.each<[string, () => unknown]>([
    ['resize', () => ops.image.resize(image, [2 ** 31, 4])],
    ['arraySplit', () => ops.arraySplit(image, 2 ** 32)],
    ['pad', () => ops.pad(ops.ones([4]), [[2 ** 31, 0]], { mode: 'edge' })],
    ['tri', () => ops.tri(2 ** 53)],
    ['tri', () => ops.tri(2 ** 52)],
    ['eye', () => ops.eye(2 ** 36, { M: 1 })],
    ['zeros', () => ops.zeros([2 ** 50])],
    ['linspace', () => ops.linspace(0, 1, { num: 2 ** 40 })],
    ['arange', () => ops.arange(2 ** 52)],
    ['repeat', () => ops.repeat([1, 2], 2 ** 40)],
    ['repeat', () => ops.repeat([1, 2], [2 ** 40, 1])],
    ['tile', () => ops.tile([1, 2], 2 ** 40)],
    ['hanning', () => ops.hanning(2 ** 50)],
    ['diag', () => ops.diag([1, 2], { k: 2 ** 30 })],
    ['oneHot', () => ops.oneHot([1, 2], 2 ** 40)],
    ['gaussianBlur', () => ops.image.gaussianBlur(image, { kernelSize: [2 ** 31, 3] })],
    ['vander', () => ops.vander([1, 2], { N: 2 ** 40 })],
    ['histogram', () => ops.histogram([1, 2], { bins: 2 ** 40 })],
    ['bincount', () => ops.bincount([1, 2], { minlength: 2 ** 40 })],
    ['broadcastTo', () => ops.broadcastTo([1], [2 ** 40])],
    ['normal', () => random.normal([2 ** 40])],
    ['kaiser', () => ops.kaiser(2 ** 40, 1)],
  ])('%s throws a RangeError at once', (_, call) => {
    const start = performance.now();
    expect(call).toThrow(RangeError);
    expect(performance.now() - start).toBeLessThan(2000);
  });
});

describe('shapes', () => {
  it('are read once', () => {
    const changing = () => {
      const sizes = [0, 1];
      let reads = 0;
      Object.defineProperty(sizes, 1, { get: () => (reads++ === 0 ? 3 : 2 ** 31 + 0.5), enumerable: true });
      return sizes;
    };
    for (const make of [initializers.Zeros, initializers.Ones, initializers.Constant])
      expect(new make()(changing()).shape).toEqual([0, 3]);
  });
});

describe('values that are none', () => {
  it('typed arrays among deeper ones are ragged', () => {
    for (const row of [Float32Array.of(1), BigInt64Array.of(1n), BigUint64Array.of(1n)])
      expect(() => ops.convertToTensor([[[0, 0]], row, [[1, 2]]] as never)).toThrow('ragged: element [1][0] has a single value, expected 2 values');
    expect(ops.convertToTensor([[1, 2], Float32Array.of(3, 4)]).tolist()).toEqual([[1, 2], [3, 4]]);
    expect(ops.convertToTensor([[], new Float32Array(0)]).shape).toEqual([2, 0]);
  });
  it('arrays that change while they are read are refused', () => {
    const row = [1, 2];
    Object.defineProperty(row, Symbol.iterator, { value: () => [1][Symbol.iterator]() });
    expect(() => ops.convertToTensor([[3, 4], row])).toThrow('the nested array changed while it was read');
  });

  it('arrays that contain themselves are refused', () => {
    const cyclic: unknown[] = [1];
    cyclic.push(cyclic);
    expect(() => ops.sum(cyclic as never)).toThrow(/nested more than/);
    expect(() => ops.reshape([1], cyclic as never)).toThrow(/nested more than/);
    expect(() => ops.convertToTensor(cyclic as never)).toThrow(/nested more than|ragged/);
  });

  it('+ on tensors is refused, a template shows them', () => {
    const x = ops.convertToTensor([1, 2]);
    expect(() => (x as unknown as number) + (x as unknown as number)).toThrow(/do not compute/);
    expect(() => (x as unknown as string) + 'a').toThrow(/do not compute/);
    expect(`${x}`).toBe('[1 2]');
    expect((ops.convertToTensor(2) as unknown as number) + 1).toBe(3);
  });

  it.each<[string, unknown]>([
    ['a string', 'x'],
    ['a promise', Promise.resolve(1)],
    ['undefined', undefined],
    ['a function', () => 0],
    ['an array with a string', ['x']],
  ])('a layer whose call returns %s is refused', (_, returned) => {
    class Wrong extends layers.Layer {
      override call(): unknown {
        return returned;
      }
    }
    expect(() => new Wrong()(ops.ones([2, 2]))).toThrow(/Wrong.*call/s);
  });
});

describe('what the fuzzer found', () => {
  it('zeros of complex128', () => {
    expect(ops.zeros([2], { dtype: 'complex128' }).tolist()).toEqual([{ re: 0, im: 0 }, { re: 0, im: 0 }]);
  });
  it.each<[string, () => unknown, RegExp]>([
    ['too many axes', () => ops.ones(new Array<number>(33).fill(1)), /at most 32 axes/],
    [
      'objects that contain themselves',
      () => {
        const object: Record<string, unknown> = {};
        object['self'] = object;
        return ops.sum(object as never);
      },
      /nested more than/,
    ],
    [
      'memory that was transferred away',
      () => {
        const array = Float32Array.of(1, 2);
        structuredClone(array, { transfer: [array.buffer] });
        return ops.sum(array);
      },
      /transferred/,
    ],
    ['a name that is none', () => keras.losses.deserialize(-1 as never), /expected a name or a config/],
    ['a schedule that is none', () => keras.optimizers.schedules.serialize(2.5 as never), /getConfig/],
    ['a dtype that is none', () => keras.backend.resultType(-1 as never, 'complex128'), /unknown dtype/],
    ['a function that is none', () => keras.vjp(3 as never, 1), /vjp: 'fn' must be a function/],
    ['a shape that is none', () => new keras.KerasTensor((2 ** 32) as never), /KerasTensor: a shape is an array/],
    ['null as an input', () => new layers.UpSampling2D(2)(null as never), /the input must be a tensor, received null/],
    ['branches that are none', () => ops.switch(0, (() => 1) as never), /branches must be an array/],
    [
      'a window beyond all sizes',
      () => new layers.MaxPooling1D(2 ** 32, { strides: 2, padding: 'same' })(ops.ones([2, 3, 7])),
      /no kernel takes these sizes|poolSize/,
    ],
    ['engine errors', () => ops.einsum(3 as never, [1]), /^einsum: /],
  ])("%s: an error in the user's terms", (_, call, message) => {
    expect(call).toThrow(message);
  });
});
