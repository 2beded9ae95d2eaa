// Functions of images beyond the recordings: modes that TensorFlow lacks, dtypes, symbols, compiled calls, errors.
import { describe, expect, it } from '@jest/globals';
import { jit, KerasTensor, ops, random, type Tensor } from 'keratin';
import { expectNumbersClose } from '../../helpers/recorded.js';

const { image } = ops;
const flat = (x: Tensor) => Array.from(ops.cast(x, 'float64').data, Number);
const batch = random.uniform([2, 8, 7, 3], { seed: 1 });
const single = random.uniform([12, 13, 3], { seed: 2 });

/** Calls on a batch of images, one of each function. */
const CALLS: Record<string, (x: Tensor) => Tensor> = {
  resize: (x) => image.resize(x, [5, 9]),
  resizeNearest: (x) => image.resize(x, [5, 9], { interpolation: 'nearest', padToAspectRatio: true }),
  resizeLanczos: (x) => image.resize(x, [3, 3], { interpolation: 'lanczos5', antialias: true, cropToAspectRatio: true }),
  affineTransform: (x) => image.affineTransform(x, [0.9, 0.1, 1, -0.1, 1.1, 0, 0, 0], { fillMode: 'mirror' }),
  perspectiveTransform: (x) => image.perspectiveTransform(x, [[0, 0], [6, 0], [0, 7], [6, 7]], [[1, 0], [6, 1], [0, 6], [5, 7]]),
  elasticTransform: (x) => image.elasticTransform(x, { seed: 3, alpha: 2, sigma: 1 }),
  gaussianBlur: (x) => image.gaussianBlur(x, { kernelSize: [5, 3], sigma: [2, 1] }),
  cropImages: (x) => image.cropImages(x, { topCropping: 1, leftCropping: 2, targetHeight: 4, targetWidth: 3 }),
  padImages: (x) => image.padImages(x, { topPadding: 1, leftPadding: 2, targetHeight: 10, targetWidth: 10 }),
  rgbToGrayscale: (x) => image.rgbToGrayscale(x),
  rgbToHsv: (x) => image.rgbToHsv(x),
  hsvToRgb: (x) => image.hsvToRgb(x),
  scaleAndTranslate: (x) => image.scaleAndTranslate(x, [x.shape[0], 5, 9, 3], [0.7, 1.2], [1, -1], [1, 2], 'cubic'),
  sobelEdges: (x) => image.sobelEdges(x),
  ssim: (x) => image.ssim(x, ops.multiply(x, 0.5), { filterSize: 5 }),
};

describe.each(Object.entries(CALLS))('%s', (name, call) => {
  it('gives the same compiled', () => {
    expectNumbersClose(flat(jit(call)(batch)), flat(call(batch)), { relative: 1e-5, absolute: 1e-5 });
  });
  it.each(['float16', 'bfloat16', 'float64'] as const)('keeps %s', (dtype) => {
    const result = call(ops.cast(batch, dtype));
    expect(result.dtype).toBe(dtype);
    const bound = dtype === 'float64' ? 1e-4 : dtype === 'float16' ? 0.02 : 0.15;
    if (name === 'resizeNearest' || name === 'rgbToHsv' || name === 'hsvToRgb') return; // small errors move a hue or a pixel far
    expectNumbersClose(flat(result), flat(call(batch)), { relative: bound, absolute: bound });
  });
  it('works on symbols of an unknown batch', () => {
    if (name === 'scaleAndTranslate') return; // takes the size of the batch in its arguments
    const symbol = call(new KerasTensor([null, 8, 7, 3], 'float32') as never) as unknown as KerasTensor;
    expect(symbol.shape).toEqual([null, ...call(batch).shape.slice(1)]);
  });
  it('treats channels first alike', () => {
    if (name === 'scaleAndTranslate') return;
    const first = { dataFormat: 'channels_first' } as const;
    const moved = ops.transpose(batch, [0, 3, 1, 2]);
    const calls: Record<string, () => Tensor> = {
      resize: () => image.resize(moved, [5, 9], first),
      affineTransform: () => image.affineTransform(moved, [0.9, 0.1, 1, -0.1, 1.1, 0, 0, 0], { fillMode: 'mirror', ...first }),
      elasticTransform: () => image.elasticTransform(moved, { seed: 3, alpha: 2, sigma: 1, ...first }),
      gaussianBlur: () => image.gaussianBlur(moved, { kernelSize: [5, 3], sigma: [2, 1], ...first }),
      rgbToHsv: () => image.rgbToHsv(moved, first),
    };
    const other = calls[name]?.();
    if (other !== undefined) expect(flat(ops.transpose(other, [0, 2, 3, 1]))).toEqual(flat(call(batch)));
  });
});

describe('resize', () => {
  it('rounds integers and stays in their range', () => {
    const bytes = ops.convertToTensor([[[0], [100], [255]]], { dtype: 'uint8' });
    const wide = image.resize(bytes, [1, 6], { interpolation: 'bicubic' });
    expect([wide.dtype, flat(wide)]).toEqual(['uint8', [0, 16, 67, 141, 228, 255]]);
    expect(image.resize(ops.cast(bytes, 'bool'), [1, 6]).dtype).toBe('bool');
    const padded = image.resize(bytes, [3, 3], { padToAspectRatio: true, fillValue: 300, interpolation: 'nearest' });
    expect(flat(padded)).toEqual([255, 255, 255, 0, 100, 255, 255, 255, 255]);
  });
  it('takes the pixels that JAX takes', () => {
    // From 59 pixels to 100 float32 rounds some places to the pixel above.
    const row = ops.reshape(ops.arange(59), [1, 59, 1]);
    const places = flat(image.resize(row, [1, 100], { interpolation: 'nearest' }));
    expect(places).toEqual(
      Array.from({ length: 100 }, (_, i) => Math.floor(Math.fround((i + 0.5) * Math.fround(59 * Math.fround(1 / 100))))),
    );
    expect(flat(image.resize(row, [1, 59], { interpolation: 'nearest' }))).toEqual(flat(row));
  });
  it('keeps constants, whatever the method', () => {
    for (const interpolation of ['nearest', 'bilinear', 'bicubic', 'lanczos3', 'lanczos5'] as const) {
      for (const antialias of [false, true]) {
        const result = image.resize(ops.ones([7, 5, 2]), [3, 11], { interpolation, antialias });
        expectNumbersClose(flat(result), new Array<number>(66).fill(1));
      }
    }
  });
  it('takes empty batches', () => expect(image.resize(ops.zeros([0, 4, 4, 3]), [2, 2]).shape).toEqual([0, 2, 2, 3]));
  it('explains what is wrong', () => {
    expect(() => image.resize(ops.ones([4, 4]), [2, 2])).toThrow(/expected an image \(3 axes\) or a batch/);
    expect(() => image.resize(single, [2, 0])).toThrow(/height and width must be an integer >= 1, received 0/);
    expect(() => image.resize(single, [2])).toThrow(/\[height, width\]/);
    expect(() => image.resize(single, [2, 2], { interpolation: 'bilinaer' as never })).toThrow(/did you mean 'bilinear'/);
    expect(() => image.resize(single, [2, 2], { fillMode: 'reflect' as never })).toThrow(/fillMode must be 'constant'/);
    expect(() => image.resize(single, [2, 2], { cropToAspectRatio: true, padToAspectRatio: true })).toThrow(/not both/);
    expect(() => image.resize(single, [2, 2], { dataFormat: 'channel_last' as never })).toThrow(/did you mean 'channels_last'/);
    expect(() => image.resize(ops.ones([0, 4, 3]), [2, 2])).toThrow(/no pixels/);
    expect(() => image.resize(single, [2, 2], { antialiasing: true } as never)).toThrow(/did you mean 'antialias'/);
  });
});

describe('mapCoordinates', () => {
  const x = ops.convertToTensor([10, 20, 40, 80], { dtype: 'float32' });
  const places = ops.convertToTensor([[-6, -3, -2, -1, 0, 3, 4, 5, 6, 9]], { dtype: 'float32' });
  // The numbers of Keras on JAX.
  it.each([
    ['constant', [-1, -1, -1, -1, 10, 80, -1, -1, -1, -1], [-1, -1, -1, 2, 13, 60, -1, -1, -1, -1]],
    ['nearest', [10, 10, 10, 10, 10, 80, 80, 80, 80, 80], [10, 10, 10, 10, 13, 80, 80, 80, 80, 80]],
    ['wrap', [40, 20, 40, 80, 10, 80, 10, 20, 40, 20], [50, 25, 50, 63, 13, 63, 13, 25, 50, 25]],
    ['mirror', [10, 80, 40, 20, 10, 80, 40, 20, 10, 80], [13, 70, 35, 18, 13, 70, 35, 18, 13, 70]],
    ['reflect', [40, 40, 20, 10, 10, 80, 80, 40, 20, 20], [50, 35, 18, 10, 13, 80, 70, 35, 18, 25]],
  ] as const)('continues by mode %s', (fillMode, nearest, linear) => {
    expect(flat(image.mapCoordinates(x, places, 0, { fillMode, fillValue: -1 }))).toEqual(nearest);
    const whole = image.mapCoordinates(ops.cast(x, 'int32'), ops.add(places, 0.25), 1, { fillMode, fillValue: -1 });
    expect([whole.dtype, flat(whole)]).toEqual(['int32', linear]);
    expect(flat(image.mapCoordinates([7], [[-2.5, 0, 3]], 1, { fillMode, fillValue: 7 }))).toEqual([7, 7, 7]);
    const far = image.mapCoordinates(x, [[1e30, -1e30, NaN]], 0, { fillMode });
    expect(far.shape).toEqual([3]);
  });
  it('rounds halves away from 0', () => {
    const whole = ops.convertToTensor([3, -4, 8, 1]);
    expect(flat(image.mapCoordinates(whole, [[0.5, 1.5, 2.5, 3.5, -0.5]], 1, { fillMode: 'nearest' }))).toEqual([-1, 2, 5, 1, 3]);
    expect(flat(image.mapCoordinates(whole, [[0.5, 1.5, 2.5, -0.5]], 0, { fillMode: 'nearest' }))).toEqual([-4, 8, 1, 3]);
  });
  it('explains what is wrong', () => {
    expect(() => image.mapCoordinates(x, [1, 2], 1)).toThrow(/at least 2 axes/);
    expect(() => image.mapCoordinates(x, [[1], [2]], 1)).toThrow(/must have 1 in their first axis/);
    expect(() => image.mapCoordinates(x, [[1]], 2 as never)).toThrow(/order must be 0 or 1, received 2/);
    expect(() => image.mapCoordinates(x, [[1]], 1, { fillMode: 'mirrored' as never })).toThrow(/did you mean 'mirror'/);
  });
});

describe('transformations', () => {
  it('leave images where nothing moves', () => {
    expect(flat(image.affineTransform(single, [1, 0, 0, 0, 1, 0, 0, 0]))).toEqual(flat(single));
    const corners = [[0, 0], [12, 0], [0, 11], [12, 11]];
    expectNumbersClose(flat(image.perspectiveTransform(single, corners, corners)), flat(single), { relative: 1e-5, absolute: 1e-5 });
    expect(flat(image.elasticTransform(single, { alpha: 0, seed: 1 }))).toEqual(flat(single));
  });
  it('repeat random moves by their seed', () => {
    const bent = (seed: number) => flat(image.elasticTransform(batch, { seed, sigma: 1, alpha: 3 }));
    expect(bent(5)).toEqual(bent(5));
    expect(bent(5)).not.toEqual(bent(6));
  });
  it('explain what is wrong', () => {
    expect(() => image.affineTransform(single, [1, 0, 0])).toThrow(/8 numbers/);
    expect(() => image.affineTransform(batch, ops.ones([3, 8]))).toThrow(/3 transformations do not fit 2 images/);
    expect(() => image.affineTransform(batch, ops.ones([8]), { interpolation: 'bicubic' as never })).toThrow(/'nearest' or 'bilinear'/);
    expect(() => image.perspectiveTransform(single, ops.ones([3, 2]), ops.ones([3, 2]))).toThrow(/startPoints must have shape \(4, 2\)/);
    expect(() => image.perspectiveTransform(single, ops.ones([4, 2]), ops.ones([1, 4, 2]))).toThrow(/same shape/);
    expect(() => image.elasticTransform(ops.cast(single, 'uint8'))).toThrow(/expected float images/);
    expect(() => image.elasticTransform(single, { sigma: 0 })).toThrow(/sigma must be above 0/);
  });
});

describe('filters', () => {
  it('find edges', () => {
    const point = ops.convertToTensor([[[[0], [0], [0], [0]], [[0], [1], [0], [0]], [[0], [0], [0], [0]]]], { dtype: 'int32' });
    const edges = image.sobelEdges(point);
    expect([edges.shape, edges.dtype]).toEqual([[1, 3, 4, 1, 2], 'int32']);
    expect(flat(edges)).toEqual([1, 1, 2, 0, 1, -1, 0, 0, 0, 2, 0, 0, 0, -2, 0, 0, -1, 1, -2, 0, -1, -1, 0, 0]);
  });
  it('know equal images', () => expectNumbersClose(flat(image.ssim(batch, batch, { filterSize: 7 })), [1, 1]));
  it('explain what is wrong', () => {
    expect(() => image.sobelEdges(single)).toThrow(/expected a batch/);
    expect(() => image.sobelEdges(ops.cast(batch, 'uint8'))).toThrow(/signed integers/);
    expect(() => image.gaussianBlur(ops.cast(batch, 'int32'))).toThrow(/expected float images/);
    expect(() => image.gaussianBlur(batch, { sigma: [1, 0] })).toThrow(/sigma must be above 0/);
    expect(() => image.gaussianBlur(batch, { kernelSize: [3, 0] })).toThrow(/the size of a window must be an integer/);
    expect(() => image.ssim(batch, batch)).toThrow(/smaller than a window of 11 × 11/);
    expect(() => image.ssim(batch, single)).toThrow(/number of axes/);
  });
});

describe('the other functions', () => {
  it('explain what is wrong', () => {
    expect(() => image.rgbToGrayscale(ops.ones([2, 2, 4]))).toThrow(/3 channels \(or 1\)/);
    expect(() => image.rgbToHsv(ops.ones([2, 2, 3], { dtype: 'int32' }))).toThrow(/expected float images/);
    expect(() => image.hsvToRgb(ops.ones([2, 2, 2]))).toThrow(/expected 3 channels/);
    expect(() => image.padImages(single, { topPadding: 1 })).toThrow(/exactly two of topPadding, bottomPadding, targetHeight/);
    expect(() => image.padImages(single, { topPadding: 1, targetHeight: 5, leftPadding: 0, rightPadding: 0 })).toThrow(
      /bottomPadding would be -8/,
    );
    expect(() => image.cropImages(single, { topCropping: -1, bottomCropping: 0, leftCropping: 0, rightCropping: 0 })).toThrow(
      /topCropping must be an integer >= 0/,
    );
    expect(() => image.cropImages(single, { topCropping: 9, bottomCropping: 9, leftCropping: 0, rightCropping: 0 })).toThrow(
      /leave nothing/,
    );
    expect(() => image.scaleAndTranslate(single, [4, 4, 2], [1, 1], [0, 0], [0, 1], 'linear')).toThrow(/axis 2 is not among spatialDims/);
    expect(() => image.scaleAndTranslate(single, [4, 4, 3], [1], [0, 0], [0, 1], 'linear')).toThrow(/1 scales and 2 translations/);
    expect(() => image.scaleAndTranslate(single, [4, 4, 3], [1, 1], [0, 0], [0, 1], 'linaer' as never)).toThrow(/did you mean 'linear'/);
  });
});

describe('rearrange', () => {
  const x = ops.reshape(ops.arange(24), [4, 6]);
  it('splits, moves and joins axes', () => {
    expect(ops.rearrange(x, '(a b) c -> c a b', { a: 2 }).shape).toEqual([6, 2, 2]);
    expect(x.rearrange('a b -> (b a)').tolist()).toEqual(ops.ravel(ops.transpose(x)).tolist());
    expect(ops.rearrange(new KerasTensor([null, 6], 'float32'), 'b (h w)->b h w', { h: 2 }).shape).toEqual([null, 2, 3]);
  });
  it('explains what is wrong', () => {
    expect(() => ops.rearrange(x, 'a b')).toThrow(/expected a pattern like/);
    expect(() => ops.rearrange(x, 'a -> a')).toThrow(/has 1 axes, the tensor has shape/);
    expect(() => ops.rearrange(x, 'a b -> a')).toThrow(/'b' stands on one side/);
    expect(() => ops.rearrange(x, 'a a -> a')).toThrow(/names the axis 'a' twice/);
    expect(() => ops.rearrange(x, '... b -> b ...')).toThrow(/has '...' where the name/);
    expect(() => ops.rearrange(x, '(a b) c -> a b c')).toThrow(/all its axes but one/);
    expect(() => ops.rearrange(x, '(a b) c -> a b c', { a: 3 })).toThrow(/does not divide/);
    expect(() => ops.rearrange(x, '(rows b) c -> rows b c', { rws: 2, b: 1 })).toThrow(/did you mean 'rows'/);
  });
});

describe('jvp', () => {
  it('gives what the function returns besides', () => {
    const [value, derivative, extra] = ops.jvp(
      (x) => [ops.square(x), 'extra'] as const,
      [ops.convertToTensor(3, { dtype: 'float32' })],
      [2],
      { hasAux: true },
    );
    expect([value.item(), derivative.item(), extra]).toEqual([9, 12, 'extra']);
    expect(() => ops.jvp((x) => x, [[1, 2]], [[1]])).toThrow(/tangent 0 has shape/);
    expect(() => ops.jvp((x) => x, [1], [1], { hasAxu: true } as never)).toThrow(/did you mean 'hasAux'/);
  });
});
