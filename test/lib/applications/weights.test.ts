// Trained weights of networks: fetched once into the cache and checked, or from a file of the user's.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import * as keras from 'keratin';

const { applications, ops } = keras;
const home = process.env.KERAS_HOME;
let folder = '';
const fetched = jest.spyOn(globalThis, 'fetch');

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'keratin-'));
  process.env.KERAS_HOME = folder;
  fetched.mockReset();
  jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
});
afterEach(async () => {
  if (home === undefined) delete process.env.KERAS_HOME;
  else process.env.KERAS_HOME = home;
  await rm(folder, { recursive: true });
});

const small = { alpha: 0.25, includeTop: false, inputShape: [128, 128, 3] } as const;
const valuesOf = (model: keras.Model): unknown => model.getWeights().map((w) => (w).tolist());
/** A network with weights that no initializer draws, and a file of them. */
async function trained(name: string): Promise<{ model: keras.Model; file: string }> {
  const model = applications.MobileNet({ ...small, weights: null });
  model.setWeights(model.getWeights().map((w, i) => ops.add(ops.zerosLike(w), i / 100 + 0.5)));
  const file = path.join(folder, name);
  await model.saveWeights(file);
  return { model, file };
}

describe('trained weights', () => {
  it('are fetched from Keras once', async () => {
    const { model, file } = await trained('some.h5');
    const bytes = await readFile(file);
    fetched.mockImplementation(() => Promise.resolve(new Response(bytes)));
    const other = await applications.MobileNet(small);
    const url = 'https://storage.googleapis.com/tensorflow/keras-applications/mobilenet/mobilenet_2_5_128_tf_no_top.h5';
    expect(fetched.mock.calls).toEqual([[url]]);
    expect(valuesOf(other)).toEqual(valuesOf(model));
    expect(await readdir(path.join(folder, 'models'))).toEqual(['mobilenet_2_5_128_tf_no_top.h5']);
    expect(valuesOf(await applications.MobileNet({ ...small, name: 'another' }))).toEqual(valuesOf(model));
    expect(fetched).toHaveBeenCalledTimes(1);
  });

  it('are those for 224 rows where there are none for the size of the images', async () => {
    const bytes = await readFile((await trained('some.h5')).file);
    fetched.mockImplementation(() => Promise.resolve(new Response(bytes)));
    const model = await applications.MobileNet({ ...small, inputShape: [40, 60, 3] });
    expect(fetched.mock.calls[0][0]).toMatch(/mobilenet_2_5_224_tf_no_top\.h5$/);
    expect([model.name, model.inputShape]).toEqual(['mobilenet_0.25_224', [null, 40, 60, 3]]);
    expect(jest.mocked(process.emitWarning).mock.calls.flat().join(' ')).toMatch(/there are trained weights for square images/);
  });

  it('are refused when they are not what Keras has', async () => {
    fetched.mockImplementation(() => Promise.resolve(new Response('nothing')));
    await expect(applications.MobileNetV3Small({ minimalistic: true, includeTop: false })).rejects.toThrow(
      /MobileNetV3Small: getFile: .*is incomplete or corrupted: expected md5 cde8136e733e811080d9fcd8a252f7e4/,
    );
    expect(await readdir(path.join(folder, 'models'))).toEqual([]);
  });

  it('say without a network which file belongs where', async () => {
    fetched.mockImplementation(() => Promise.reject(new TypeError('fetch failed')));
    await expect(applications.EfficientNetB0({ includeTop: false })).rejects.toThrow(
      `EfficientNetB0: getFile: cannot fetch https://storage.googleapis.com/keras-applications/efficientnetb0_notop.h5: fetch failed. ` +
        `Without a network, put efficientnetb0_notop.h5 into ${path.join(folder, 'models')}, or give its path as the option weights`,
    );
  });

  it.each(['some.h5', 'some.weights.h5', 'some.safetensors'])('come from a file: %s', async (name) => {
    const { model, file } = await trained(name);
    expect(valuesOf(await applications.MobileNet({ ...small, weights: file }))).toEqual(valuesOf(model));
    await expect(applications.MobileNet({ ...small, alpha: 0.5, weights: file })).rejects.toThrow(/shape/);
    expect(fetched).not.toHaveBeenCalled();
  });

  it('ask for what they were trained with', () => {
    const { ConvNeXtTiny, EfficientNetV2B0, MobileNet, MobileNetV2, MobileNetV3Large, NASNetMobile, VGG16 } = applications;
    expect(() => MobileNet({ alpha: 0.3 })).toThrow(/MobileNet: with .*, alpha must be one of 0.25, 0.5, 0.75, 1, received 0.3/);
    expect(() => MobileNet({ depthMultiplier: 2 })).toThrow(/with weights 'imagenet', depthMultiplier must be 1, received 2/);
    expect(() => MobileNetV2({ alpha: 2 })).toThrow(/alpha must be one of 0.35, 0.5, 0.75, 1, 1.3, 1.4/);
    expect(() => MobileNetV3Large({ alpha: 0.5 })).toThrow(/alpha must be one of 0.75, 1, received 0.5/);
    expect(() => MobileNetV3Large({ alpha: 0.75, minimalistic: true })).toThrow(/alpha must be one of 1, received 0.75/);
    expect(() => VGG16({ inputShape: [64, 64, 3] })).toThrow(/VGG16: with weights .*, inputShape must be \(224, 224, 3\)/);
    expect(() => VGG16({ includeTop: false, inputShape: [64, 64, 1] })).toThrow(/VGG16: with weights 'imagenet' the input has 3 channels/);
    expect(() => EfficientNetV2B0({ classes: 7 })).toThrow(/classes must be 1000, received 7/);
    expect(() => ConvNeXtTiny({ classifierActivation: 'sigmoid' })).toThrow(/classifierActivation must be 'softmax' or null/);
    expect(() => NASNetMobile({ weights: 'imagenet21k' })).toThrow(/weights must be null .*, 'imagenet' or the path of a file/);
    expect(fetched).not.toHaveBeenCalled();
  });
});
