// What the networks of keras.applications have in common: their images against recordings of Keras, classes, weights and mistakes.
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, jest } from '@jest/globals';
import * as keras from 'keratin';
import { topClasses } from '#lib/applications/imagenet.js';
import { setImageDataFormat } from '#lib/config/index.js';
import { type RecordedArray, readFixture } from '../../helpers/fixtures.js';
import { callRecorded, expectClose, tensorOf } from '../../helpers/recorded.js';

const { applications, Input, layers, ops } = keras;

interface Case {
  name: string;
  symbol: string;
  options: Record<string, unknown>;
  model?: string;
  images: RecordedArray;
  outputs: RecordedArray;
}
const images = readFixture<Case>('applications').filter(({ model }) => model === undefined);

it.each(images)('$name: images become those of Keras', ({ symbol, options, images, outputs }) => {
  const given = tensorOf(images);
  const before = given.tolist();
  expectClose(callRecorded(keras, symbol, [given], options) as keras.Tensor, outputs, { relative: 1e-6, absolute: 1e-4 });
  expect(given.tolist()).toEqual(before);
});

describe('a network', () => {
  const small = { weights: null, inputShape: [32, 32, 3], alpha: 0.35 } as const;

  it('begins where a given symbol does', () => {
    const input = Input([32, 32, 3]);
    const scaled = new layers.Rescaling(1 / 255)(input);
    const model = applications.MobileNetV2({ ...small, inputTensor: scaled, classes: 2 });
    expect(model.inputs).toEqual([input]);
    expect(model.layers[1].constructor.name).toBe('Rescaling');
    expect(model.outputShape).toEqual([null, 2]);
    expect(() => applications.MobileNetV2({ ...small, inputTensor: Input([64, 64, 3]) })).toThrow(
      /inputTensor and inputShape must have the same sizes/,
    );
    expect(() => applications.ResNet50({ weights: null, inputTensor: ops.ones([1, 32, 32, 3]) as never })).toThrow(
      /ResNet50: inputTensor must be a symbol/,
    );
  });

  it('is made again from its config', () => {
    const model = applications.MobileNetV2({ ...small, includeTop: false, pooling: 'max' });
    const again = keras.models.cloneModel(model);
    again.setWeights(model.getWeights());
    const x = keras.random.uniform([1, 32, 32, 3], { seed: 1 });
    expect((again(x)).tolist()).toEqual((model(x)).tolist());
  });

  it('takes channels first', () => {
    const last = applications.MobileNetV2({ ...small, includeTop: false, pooling: 'avg' });
    setImageDataFormat('channels_first');
    try {
      const first = applications.MobileNetV2({ ...small, inputShape: [3, 32, 32], includeTop: false, pooling: 'avg' });
      first.setWeights(last.getWeights());
      const x = keras.random.uniform([2, 32, 32, 3], { seed: 1 });
      const [a, b] = [first(ops.transpose(x, [0, 3, 1, 2])), last(x)] as [keras.Tensor, keras.Tensor];
      expect(ops.max(ops.abs(ops.subtract(a, b))).item()).toBeLessThan(1e-5);
    } finally {
      setImageDataFormat('channels_last');
    }
  });

  it('says what is wrong with its options', async () => {
    const { MobileNetV2, ResNet50 } = applications;
    expect(() => ResNet50({ weights: null, inputShape: [31, 40, 3] })).toThrow(/ResNet50: images must have at least 32 rows and columns/);
    expect(() => ResNet50({ weights: null, inputShape: [null, null, 3] })).toThrow(
      /with the classifier all sizes of inputShape must be known/,
    );
    expect(() => ResNet50({ weights: null, inputShape: [32, 32] })).toThrow(/inputShape must have three sizes/);
    expect(() => ResNet50({ weights: null, pooling: 'mean' as never })).toThrow(/pooling must be 'avg', 'max' or null, received 'mean'/);
    expect(() => ResNet50({ weights: null, classes: 0 })).toThrow(/classes must be an integer >= 1/);
    expect(() => ResNet50({ weights: null, class: 3 } as never)).toThrow(/ResNet50: unknown option 'class'; did you mean 'classes'/);
    expect(() => ResNet50({ weights: 'imagenets' })).toThrow(
      /weights must be null \(drawn at random\), 'imagenet' or the path of a file, received 'imagenets'/,
    );
    expect(() => ResNet50({ classes: 10 })).toThrow(/classes must be 1000, received 10/);
    expect(() => ResNet50({ classifierActivation: 'relu' })).toThrow(/classifierActivation must be 'softmax' or null, received 'relu'/);
    expect(() => MobileNetV2({ weights: null, alpha: 0 })).toThrow(/MobileNetV2: alpha must be a number > 0/);
  });

  it('says what is wrong with options of its own', () => {
    const { ConvNeXtTiny, DenseNet121, EfficientNetV2B0, InceptionV3, MobileNet, MobileNetV3Small, NASNetLarge, Xception } = applications;
    const weights = null;
    expect(() => InceptionV3({ weights, inputShape: [74, 80, 3] })).toThrow(/InceptionV3: images must have at least 75 rows and columns/);
    expect(() => Xception({ weights, inputShape: [71, 70, 3] })).toThrow(/Xception: images must have at least 71 rows and columns/);
    expect(() => MobileNetV3Small({ weights, inputShape: [31, 64, 3] })).toThrow(/MobileNetV3Small: images must have at least 32 rows/);
    expect(() => MobileNetV3Small({ weights, inputShape: [64, 64] })).toThrow(/inputShape must have three sizes/);
    expect(() => MobileNetV3Small({ weights, minimalistic: 1 as never })).toThrow(/minimalistic must be true or false, received 1/);
    expect(() => EfficientNetV2B0({ weights, includePreprocessing: null as never })).toThrow(/includePreprocessing must be true or false/);
    expect(() => ConvNeXtTiny({ weights, includePreprocessing: 'no' as never })).toThrow(/includePreprocessing must be true or false/);
    expect(() => MobileNet({ weights, depthMultiplier: 0.5 })).toThrow(/depthMultiplier must be an integer >= 1, received 0.5/);
    expect(() => MobileNet({ weights, inputShape: 64 as never })).toThrow(/inputShape must have three sizes .* received 64/);
    expect(() => MobileNet({ weights, alpha: '1' as never })).toThrow(/MobileNet: alpha must be a number > 0, received '1'/);
    setImageDataFormat('channels_first');
    try {
      for (const make of [ConvNeXtTiny, DenseNet121, NASNetLarge])
        expect(() => make({ weights })).toThrow(/takes images with the channels last alone, but keras.config.imageDataFormat\(\) is/);
    } finally {
      setImageDataFormat('channels_last');
    }
  });

  it('warns of an unusual number of channels', () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    applications.MobileNetV2({ ...small, inputShape: [32, 32, 4], includeTop: false });
    expect(warn.mock.calls.flat().join(' ')).toMatch(/MobileNetV2: usually takes 1 or 3 channels/);
    warn.mockRestore();
  });
});

describe('layers of networks', () => {
  const made = (family: string, name: string, config: object): keras.Layer => {
    const module = `keras.src.applications.${family}`;
    const layer = layers.deserialize({ module, class_name: name, config: { name: 'one', ...config }, registered_name: name });
    const form = layers.serialize(layer);
    expect(form).toMatchObject({ module, class_name: name, config, registered_name: name });
    return layers.deserialize(form);
  };
  it('scale channels', () => {
    const layer = made('convnext', 'LayerScale', { init_values: 0.25, projection_dim: 2 });
    expect((layer(ops.convertToTensor([[4, 8]], { dtype: 'float32' }))).tolist()).toEqual([[1, 2]]);
    expect(layer.weights.map(({ shape, trainable }) => [shape, trainable])).toEqual([[[2], true]]);
  });
  it('leave samples out while training', () => {
    const layer = made('convnext', 'StochasticDepth', { drop_path_rate: 0.75 });
    const x = ops.ones([1000, 2, 3]);
    expect((layer(x)).tolist()).toEqual(x.tolist());
    const samples = (layer(x, { training: true })).tolist() as number[][][];
    const kept = samples.filter((sample) => sample[0][0] !== 0);
    for (const sample of kept) expect(sample.flat()).toEqual(Array(6).fill(4));
    expect(samples.filter((sample) => sample.flat().every((value) => value === 0)).length).toBe(1000 - kept.length);
    expect(Math.abs(kept.length - 250)).toBeLessThan(70); // five deviations
  });
  it('add a part of what they are given', () => {
    const layer = made('inception_resnet_v2', 'CustomScaleLayer', { scale: 0.5 });
    expect((layer([ops.ones([1, 2]), ops.full([1, 2], 4)])).tolist()).toEqual([[3, 3]]);
  });
});

describe('preprocessInput', () => {
  it('leaves images as they are where the network scales them', () => {
    const pixels = ops.convertToTensor(new Uint8Array([1, 2, 3]));
    expect(applications.efficientnet.preprocessInput(pixels)).toBe(pixels);
    const symbol = Input([8, 8, 3]);
    expect(applications.convnext.preprocessInput(symbol, { dataFormat: 'channels_first' })).toBe(symbol);
  });
  it('takes symbols', () => {
    expect(applications.resnet.preprocessInput(Input([8, 8, 3])).shape).toEqual([null, 8, 8, 3]);
    expect(applications.mobilenetV2.preprocessInput(Input([8, 8, 3])).shape).toEqual([null, 8, 8, 3]);
  });
  it('says what is wrong', () => {
    const { preprocessInput } = applications.imagenetUtils;
    expect(() => preprocessInput(ops.ones([2, 2, 3]), { mode: 'caffee' as never })).toThrow(
      /mode must be .* received 'caffee'; did you mean 'caffe'/,
    );
    expect(() => preprocessInput(ops.ones([2, 2, 3]), { dataFormat: 'last' as never })).toThrow(/dataFormat must be/);
    expect(() => preprocessInput(ops.ones([2, 2, 4]))).toThrow(/images must have 3 channels .*received shape \(2, 2, 4\)/);
    expect(() => applications.resnet.preprocessInput(ops.ones([2, 2, 3]), { mode: 'tf' } as never)).toThrow(/unknown option 'mode'/);
  });
});

describe('decodePredictions', () => {
  const { decodePredictions } = applications.imagenetUtils;

  it('says what is wrong', async () => {
    await expect(decodePredictions(ops.ones([2, 10]))).rejects.toThrow(
      /expected predictions of shape \(images, 1000\), received shape \(2, 10\)/,
    );
    await expect(decodePredictions(ops.ones([2, 1000]), { top: 0 })).rejects.toThrow(/top must be an integer >= 1/);
  });

  it('gives the classes with the highest scores', () => {
    const index = { 0: ['n0', 'tench'], 1: ['n1', 'goldfish'], 2: ['n2', 'shark'] } as const;
    expect(
      topClasses(
        [
          [0.2, 0.5, 0.3],
          [0.4, 0.4, 0.2],
        ],
        index,
        2,
      ),
    ).toEqual([
      [
        ['n1', 'goldfish', 0.5],
        ['n2', 'shark', 0.3],
      ],
      [
        ['n1', 'goldfish', 0.4],
        ['n0', 'tench', 0.4],
      ],
    ]);
    expect(topClasses([[0.2, 0.5, 0.3]], index, 5)[0].length).toBe(3);
  });

  it('fetches the names, and checks them', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'keratin-'));
    const home = process.env.KERAS_HOME;
    process.env.KERAS_HOME = folder;
    const text = JSON.stringify(Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [i, [`n${i}`, `class ${i}`]])));
    const fetched = jest.spyOn(globalThis, 'fetch').mockImplementation(() => Promise.resolve(new Response(text)));
    try {
      expect(createHash('md5').update(text).digest('hex')).not.toBe('c2c37ea517e94d9795004a39431a14cb');
      await expect(decodePredictions(ops.ones([1, 1000]))).rejects.toThrow(
        /decodePredictions: getFile: .*is incomplete or corrupted.*put imagenet_class_index.json into/s,
      );
      await writeFile(path.join(folder, 'models', 'imagenet_class_index.json'), text);
      await expect(decodePredictions(ops.ones([1, 1000]))).rejects.toThrow(/incomplete or corrupted/);
    } finally {
      fetched.mockRestore();
      if (home === undefined) delete process.env.KERAS_HOME;
      else process.env.KERAS_HOME = home;
      await rm(folder, { recursive: true });
    }
  });
});
