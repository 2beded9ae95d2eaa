// Pooling, cropping, padding and up-sampling layers beyond test/every and the recordings: configs of Keras, masks, dtypes, errors.
import { describe, expect, it } from '@jest/globals';
import { layers, ops, Sequential, type Tensor } from 'keratin';
import { setImageDataFormat } from '#lib/config/index.js';

const list = (x: Tensor) => ([x.tolist()] as unknown[]).flat(Infinity) as number[];
/** What Keras's config has besides name, trainable and dtype. */
const own = (layer: layers.Layer) => {
  const { name: _, trainable: __, dtype: ___, ...rest } = layer.getConfig();
  return rest;
};

describe('configs are those of Keras', () => {
  const last = { data_format: 'channels_last' };
  it.each([
    [() => new layers.MaxPooling2D(), { pool_size: [2, 2], padding: 'valid', strides: [2, 2], ...last }],
    [() => new layers.MaxPooling2D({ padding: 'SAME' as never }), { pool_size: [2, 2], padding: 'SAME', strides: [2, 2], ...last }],
    [() => new layers.AveragePooling1D(3, { strides: 1 }), { pool_size: [3], padding: 'valid', strides: [1], ...last }],
    [
      () => new layers.MaxPooling3D([1, 2, 3], { dataFormat: 'channels_first' }),
      { pool_size: [1, 2, 3], padding: 'valid', strides: [1, 2, 3], data_format: 'channels_first' },
    ],
    [() => new layers.GlobalAveragePooling1D(), { keepdims: false, ...last }],
    [() => new layers.AdaptiveMaxPooling2D(3), { output_size: [3, 3], ...last }],
    [() => new layers.Cropping1D(2), { cropping: [2, 2] }],
    [
      () => new layers.Cropping2D(),
      {
        cropping: [
          [0, 0],
          [0, 0],
        ],
        ...last,
      },
    ],
    [
      () => new layers.Cropping2D([1, [2, 3]]),
      {
        cropping: [
          [1, 1],
          [2, 3],
        ],
        ...last,
      },
    ],
    [
      () => new layers.Cropping3D(),
      {
        cropping: [
          [1, 1],
          [1, 1],
          [1, 1],
        ],
        ...last,
      },
    ],
    [() => new layers.ZeroPadding1D([2, 0]), { padding: [2, 0], ...last }],
    [
      () =>
        new layers.ZeroPadding2D([
          [1, 2],
          [3, 4],
        ]),
      {
        padding: [
          [1, 2],
          [3, 4],
        ],
        ...last,
      },
    ],
    [
      () => new layers.ZeroPadding3D(2),
      {
        padding: [
          [2, 2],
          [2, 2],
          [2, 2],
        ],
        ...last,
      },
    ],
    [() => new layers.UpSampling1D(3), { size: 3 }],
    [() => new layers.UpSampling2D(2, { interpolation: 'BILINEAR' as never }), { size: [2, 2], interpolation: 'bilinear', ...last }],
    [() => new layers.UpSampling3D([1, 2, 3]), { size: [1, 2, 3], ...last }],
  ] as const)('%#', (make, config) => {
    const layer = make();
    expect(own(layer)).toEqual(config);
    expect(layers.deserialize(layers.serialize(layer)).getConfig()).toEqual(layer.getConfig());
  });

  it('take the global data format', () => {
    setImageDataFormat('channels_first');
    try {
      expect(new layers.MaxPool1D(2)(ops.zeros([1, 3, 8])).shape).toEqual([1, 3, 4]);
    } finally {
      setImageDataFormat('channels_last');
    }
  });
});

describe('aliases', () => {
  it('are the same classes', () => {
    expect(layers.MaxPool2D).toBe(layers.MaxPooling2D);
    expect(layers.AvgPool3D).toBe(layers.AveragePooling3D);
    expect(layers.GlobalAvgPool1D).toBe(layers.GlobalAveragePooling1D);
    expect(layers.GlobalMaxPool3D).toBe(layers.GlobalMaxPooling3D);
  });
});

describe('GlobalAveragePooling1D', () => {
  it('counts only the steps of the mask', () => {
    const x = ops.convertToTensor([[[1, 10], [3, NaN], [5, 30]], [[2, 2], [4, 4], [9, 9]]], { dtype: 'float32' });
    const mask = ops.convertToTensor([[1, 0, 1], [0, 1, 0]]);
    expect(new layers.GlobalAveragePooling1D()(x, { mask }).tolist()).toEqual([[3, 20], [4, 4]]);
    const first = new layers.GlobalAveragePooling1D({ dataFormat: 'channels_first', keepdims: true });
    expect(first(ops.transpose(x, [0, 2, 1]), { mask }).tolist()).toEqual([[[3], [20]], [[4], [4]]]);
    expect(new layers.GlobalAveragePooling1D().computeMask()).toBeNull();
  });
});

describe('in models', () => {
  it('they make a network of images', async () => {
    const model = new Sequential([
      new layers.ZeroPadding2D(1, { inputShape: [6, 6, 1] }),
      new layers.MaxPooling2D(2),
      new layers.Cropping2D([[0, 1], [1, 0]]),
      new layers.AveragePooling2D(2, { strides: 1, padding: 'same' }),
      new layers.GlobalMaxPooling2D(),
      new layers.Dense(1),
    ]);
    expect(model.outputShape).toEqual([null, 1]);
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    const history = await model.fit(ops.ones([8, 6, 6, 1]), ops.ones([8, 1]), { epochs: 3, verbose: 0 });
    const losses = history.history.loss;
    expect(losses[2]).toBeLessThan(losses[0]);
  });
  it('compute in 16 bits', () => {
    const x = ops.reshape(ops.arange(8, { dtype: 'float32' }), [1, 8, 1]);
    for (const dtype of ['mixed_float16', 'bfloat16'] as const) {
      const y = new layers.AveragePooling1D(4, { dtype })(x);
      expect([y.dtype, list(ops.cast(y, 'float32'))]).toEqual([dtype === 'bfloat16' ? 'bfloat16' : 'float16', [1.5, 5.5]]);
    }
  });
});

describe('errors', () => {
  it.each([
    [
      () => new layers.MaxPooling2D([2, 2, 2]),
      /MaxPooling2D: poolSize must be an integer >= 1 or an array of 2 of them, received \[2, 2, 2\]/,
    ],
    [() => new layers.MaxPooling1D(0), /poolSize must be an integer >= 1/],
    [() => new layers.AveragePooling2D(2, { strides: 0 }), /strides must be an integer >= 1 or an array of 2 of them, received 0/],
    [() => new layers.MaxPooling2D(2, { padding: 'full' as never }), /padding must be 'valid' or 'same', received 'full'/],
    [() => new layers.AdaptiveMaxPooling2D([1]), /outputSize must be/],
    [() => new layers.Cropping2D([1, 2, 3]), /cropping must be an integer >= 0, or an array of 2/],
    [() => new layers.Cropping1D([1, -1]), /cropping must be an integer >= 0 or an array of 2/],
    [
      () => new layers.Cropping1D(2)(ops.zeros([1, 4, 1])),
      /`cropping` parameter of `Cropping1D` layer must be smaller than the input length/,
    ],
    [
      () => new layers.Cropping3D(2)(ops.zeros([1, 5, 4, 5, 1])),
      /Values in `cropping` argument should be smaller than the corresponding spatial dimension/,
    ],
    [() => new layers.ZeroPadding3D([1, 2] as never), /padding must be an integer >= 0, or an array of 3/],
    [
      () => new layers.UpSampling2D(2, { interpolation: 'biliner' as never }),
      /interpolation must be one of .*, received 'biliner'; did you mean 'bilinear'\?/,
    ],
    [() => new layers.UpSampling1D(0), /size must be a positive integer, received 0/],
    [() => new layers.MaxPooling2D()(ops.zeros([1, 4, 4])), /expected ndim=4, found ndim=3/],
    [() => new layers.MaxPooling2D()(ops.zeros([1, 1, 4, 1])), /Computed output size would be zero or negative/],
  ])('%#', (fn, message) => expect(fn).toThrow(message));
});
