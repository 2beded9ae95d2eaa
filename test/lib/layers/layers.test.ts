// What single layers do beyond test/every/layer.test.ts: configs of Keras, options, numbers, errors.
import { describe, expect, it } from '@jest/globals';
import { setImageDataFormat } from '#lib/config/index.js';
import { Input, InputLayer } from '#lib/layers/core/input-layer.js';
import * as layers from '#lib/layers/index.js';
import { type Tensor } from '#lib/core/tensor.js';
import { KerasTensor } from '#lib/symbolic/keras-tensor.js';
import * as ops from '#lib/ops/index.js';
import { readFixture, type Spec } from '../../helpers/fixtures.js';
import { make } from '../../helpers/recorded.js';

interface ConfigCase {
  name: string;
  spec: Spec;
  built: (number | null)[] | null;
  config: Record<string, unknown>;
  serialized: { class_name: string; config: Record<string, unknown> };
}
const recorded = readFixture<ConfigCase>('configs').filter(
  ({ name, spec }) => name.startsWith('layers_') && spec.symbol !== 'layers.Dense',
);

describe.each(recorded)('config $name', ({ spec, built, config, serialized }) => {
  const layer = make<layers.Layer>(layers, spec);
  if (built !== null) layer.build(built);

  it('is that of Keras', () => {
    expect(layer.getConfig()).toEqual(config);
    expect(layers.serialize(layer)).toEqual(serialized);
  });
  it('makes the same layer', () => {
    const again = layers.deserialize(serialized as never);
    expect(layers.serialize(again)).toEqual(serialized);
    expect(again.built).toBe(layer.built);
  });
});

describe('deserialize', () => {
  it('names the nearest class', () => {
    expect(() =>
      layers.deserialize({ module: 'keras.layers', class_name: 'Dropuot', config: { rate: 0.5 }, registered_name: null }),
    ).toThrow("unknown layer 'Dropuot'; did you mean 'Dropout'?");
  });
  it('makes classes of the user that are named', () => {
    class Twice extends layers.Layer {
      override call(x: Tensor): Tensor {
        return ops.multiply(x, 2);
      }
    }
    const twice = new Twice({ name: 'mine' });
    const config = layers.serialize(twice);
    expect(config).toMatchObject({ module: null, class_name: 'Twice', registered_name: 'Twice' });
    expect(() => layers.deserialize(config)).toThrow("unknown layer 'Twice'");
    const again = layers.deserialize(config, { customObjects: { Twice } });
    expect(again).toBeInstanceOf(Twice);
    expect(again.name).toBe('mine');
    expect(again([1, 2]).tolist()).toEqual([2, 4]);
  });
});

describe('Input', () => {
  it('is a symbol with the batch unknown', () => {
    const x = Input([3, null], { name: 'x', dtype: 'int32' });
    expect(x).toBeInstanceOf(KerasTensor);
    expect([x.shape, x.dtype, x.name]).toEqual([[null, 3, null], 'int32', 'x']);
    expect(x.history?.call.operation).toBeInstanceOf(InputLayer);
    expect(Input({ shape: [3], batchSize: 8 }).shape).toEqual([8, 3]);
    expect(Input({ batchShape: [2, 3] }).shape).toEqual([2, 3]);
  });
  it('takes a symbol that is there', () => {
    const symbol = new KerasTensor([null, 4], 'float32');
    expect(Input({ tensor: symbol })).toBe(symbol);
    expect(new InputLayer({ inputTensor: symbol, shape: [4] }).batchShape).toEqual([null, 4]);
    expect(() => new InputLayer({ inputTensor: symbol, shape: [5] })).toThrow('contradict');
    expect(() => new InputLayer({ inputTensor: symbol, batchSize: 3 })).toThrow('contradict');
    expect(() => new InputLayer({ inputTensor: symbol, dtype: 'int32' })).toThrow('contradict');
    expect(() => new InputLayer({ inputTensor: ops.ones([2, 4]) as never })).toThrow('must be a KerasTensor');
  });
  it('refuses what does not fit', () => {
    expect(() => Input({})).toThrow('the option shape is required');
    expect(() => Input([-3])).toThrow('shape must be an array of integers >= 0');
    expect(() => Input([1.5])).toThrow('shape must be an array of integers >= 0');
    expect(() => Input(3 as never)).toThrow();
    expect(() => Input({ shape: [3], batchShape: [2, 3] })).toThrow('not both');
    expect(() => Input({ batchSize: 2, batchShape: [2, 3] })).toThrow('not both');
    expect(() => Input({ shape: [3], sparse: true })).toThrow('sparse inputs do not exist');
    expect(() => Input({ shpe: [3] } as never)).toThrow("unknown option 'shpe'; did you mean 'shape'?");
    expect(() => (new InputLayer({ shape: [3] }) as layers.Layer)([1, 2, 3])).toThrow('cannot be called');
  });
});

describe('Dropout', () => {
  const x = ops.ones([200, 50]);
  it('drops a share and keeps the sum', () => {
    const y = new layers.Dropout(0.25, { seed: 3 })(x, { training: true });
    const values = (y.tolist() as number[][]).flat();
    expect(values.every((v) => v === 0 || Math.abs(v - 4 / 3) < 1e-6)).toBe(true);
    expect(values.filter((v) => v === 0).length / values.length).toBeCloseTo(0.25, 1);
  });
  it('draws anew in each call, and the same with the same seed', () => {
    const [a, b] = [1, 2].map(() => new layers.Dropout(0.5, { seed: 3 }));
    const first = a(x, { training: true }).tolist();
    expect(b(x, { training: true }).tolist()).toEqual(first);
    expect(a(x, { training: true }).tolist()).not.toEqual(first);
  });
  it('drops together what shares noise', () => {
    const y = new layers.Dropout(0.5, { noiseShape: [null, 1], seed: 1 })(x, { training: true }).tolist() as number[][];
    expect(y.every((row) => row.every((v) => v === row[0]))).toBe(true);
  });
  it('has its state among the variables, not among the weights', () => {
    const layer = new layers.Dropout(0.5);
    expect(layer.weights).toHaveLength(0);
    expect(layer.variables).toHaveLength(1);
    expect(new layers.Dropout(0).variables).toHaveLength(0);
  });
  it.each([-0.5, 1.5, '0.5', NaN])('refuses the rate %p', (rate) =>
    expect(() => new layers.Dropout(rate as number)).toThrow('Dropout: rate must be a number >= 0 and <= 1'),
  );
  it.each([[[20, -1]], [[20, 0]], ['no'], [[1.5]]])('refuses the noiseShape %p', (noiseShape) =>
    expect(() => new layers.Dropout(0.5, { noiseShape: noiseShape as number[] })).toThrow('noiseShape must be an array of integers >= 1'));
});

describe('noise', () => {
  const x = ops.ones([500, 20]);
  const moments = (y: Tensor) => [ops.mean(y).item(), ops.std(y).item()];
  it('of GaussianNoise is added', () => {
    const [mean, std] = moments(new layers.GaussianNoise(0.5, { seed: 1 })(x, { training: true }));
    expect(mean).toBeCloseTo(1, 1);
    expect(std).toBeCloseTo(0.5, 1);
  });
  it('of GaussianDropout has the deviation of the rate', () => {
    const [mean, std] = moments(new layers.GaussianDropout(0.2, { seed: 1 })(x, { training: true }));
    expect(mean).toBeCloseTo(1, 1);
    expect(std).toBeCloseTo(0.5, 1);
  });
  it('of AlphaDropout keeps mean and variance', () => {
    const normal = new layers.GaussianNoise(1, { seed: 2 })(ops.zeros([500, 20]), { training: true });
    const [mean, std] = moments(new layers.AlphaDropout(0.3, { seed: 1 })(normal, { training: true }));
    expect(mean).toBeCloseTo(0, 1);
    expect(std).toBeCloseTo(1, 1);
  });
  it('of SpatialDropout drops whole channels', () => {
    const y = new layers.SpatialDropout2D(0.5, { dataFormat: 'channels_first', seed: 1 })(ops.ones([3, 4, 2, 2]), {
      training: true,
    }).tolist() as number[][][][];
    expect(y.flat().every((channel) => new Set(channel.flat()).size === 1)).toBe(true);
    expect(new Set(y.flat(3)).size).toBe(2);
  });
});

describe('reshaping', () => {
  it('Flatten moves channels to the end', () => {
    const x = ops.reshape(ops.arange(12), [1, 3, 2, 2]);
    expect(new layers.Flatten({ dataFormat: 'channels_first' })(x).tolist()).toEqual([[0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]]);
    expect(new layers.Flatten()([1, 2]).tolist()).toEqual([[1], [2]]);
  });
  it('Flatten takes the global data format when it is made', () => {
    setImageDataFormat('channels_first');
    const layer = new layers.Flatten();
    setImageDataFormat('channels_last');
    expect(layer.getConfig().data_format).toBe('channels_first');
  });
  it('Reshape names what does not fit', () => {
    expect(() => new layers.Reshape([5, -1], { name: 'r' })(ops.ones([2, 12]))).toThrow(
      'Reshape "r": samples of shape (12,) have 12 elements, which do not fit targetShape [5, -1]',
    );
    expect(() => new layers.Reshape([5])(Input([12]))).toThrow('do not fit');
    expect(() => new layers.Reshape([-1, -1, 5])).toThrow('at most one of them -1');
    expect(() => new layers.Reshape([2.5])).toThrow('Reshape: targetShape must be');
  });
  it('Permute wants each axis once', () => {
    expect(() => new layers.Permute([1, 3])).toThrow('Permute: dims must be an array with each of 1, 2, … once');
    expect(() => new layers.Permute([2, 1])(ops.ones([2, 3]))).toThrow('expected ndim=3, found ndim=2');
  });
  it('RepeatVector wants a positive number', () => {
    expect(() => new layers.RepeatVector(0)).toThrow('RepeatVector: n must be an integer >= 1, received 0');
  });
});

describe('Rescaling', () => {
  it('gives floats for pixels', () => {
    const y = new layers.Rescaling(1 / 255, { offset: -1 })(ops.convertToTensor(new Uint8Array([0, 255])));
    expect([y.dtype, y.tolist()]).toEqual(['float32', [-1, 0]]);
  });
  it('has factors for channels', () => {
    expect(new layers.Rescaling([1, 10])([[1, 2], [3, 4]]).tolist()).toEqual([[1, 20], [3, 40]]);
    setImageDataFormat('channels_first');
    try {
      expect(new layers.Rescaling([1, 10])(ops.ones([1, 2, 1, 2])).tolist()).toEqual([[[[1, 1]], [[10, 10]]]]);
    } finally {
      setImageDataFormat('channels_last');
    }
  });
  it('reads arrays of Keras configs', () => {
    const scale = { class_name: '__numpy__', config: { value: [1, 10], dtype: 'float32' } };
    const layer = layers.Rescaling.fromConfig<layers.Rescaling>({ name: 'r', scale, offset: 0 });
    expect(layer([1, 1]).tolist()).toEqual([1, 10]);
    expect(layer.getConfig().scale).toEqual(scale);
  });
  it('refuses what is no number', () => expect(() => new layers.Rescaling('2' as never)).toThrow('Rescaling: scale'));
});

describe('activations', () => {
  it('Softmax leaves out what is masked', () => {
    const y = new layers.Softmax()(
      [
        [1, 2, 5],
        [1, 1, 1],
      ],
      {
        mask: ops.convertToTensor([
          [true, true, false],
          [false, false, false],
        ]),
      },
    ).tolist() as number[][];
    expect(y[0][0]).toBeCloseTo(0.268941, 5);
    expect([y[0][2], y[1]]).toEqual([0, [0, 0, 0]]);
    expect(() => new layers.Softmax()([[1, 2]], { mask: ops.ones([2, 2]) })).toThrow('the mask must broadcast');
  });
  it('LeakyReLU knows its older option', () => {
    const layer = new layers.LeakyReLU({ alpha: 0.5 });
    expect(layer([-10, 5]).tolist()).toEqual([-5, 5]);
    expect(layer.getConfig()).toMatchObject({ negative_slope: 0.5 });
    expect(layer.getConfig()).not.toHaveProperty('alpha');
  });
  it('PReLU shares slopes along axes', () => {
    const layer = new layers.PReLU({ sharedAxes: [1], alphaInitializer: 'ones' });
    expect(layer(ops.full([2, 3, 4], -2)).shape).toEqual([2, 3, 4]);
    expect(layer.alpha.shape).toEqual([1, 4]);
    expect(() => layer(ops.ones([2, 3, 5]))).toThrow('expected axis 2');
    expect(() => new layers.PReLU({ sharedAxes: [3] })(ops.ones([2, 3]))).toThrow('sharedAxes names axis 3');
  });
  it('ActivityRegularization adds a loss', () => {
    const layer = new layers.ActivityRegularization({ l1: 0.2, l2: 0.3 });
    layer([[2, -2], [0, 0]]);
    expect(layer.losses[0].item()).toBeCloseTo((0.2 * 4 + 0.3 * 8) / 2, 6);
  });
  it('Activation names the nearest', () => expect(() => new layers.Activation('rellu' as never)).toThrow("did you mean 'relu'?"));
});
