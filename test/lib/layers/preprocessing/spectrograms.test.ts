// MelSpectrogram and STFTSpectrogram: unknown lengths, layouts, files, training, and what they refuse.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, jest } from '@jest/globals';
import { Input, Model, layers, losses, ops, random, saving, Sequential, type Tensor } from 'keratin';

const { MelSpectrogram, STFTSpectrogram } = layers;
const sounds = random.uniform([4, 64], { minval: -1, maxval: 1, seed: 1 });
const mel = () => new MelSpectrogram({ fftLength: 16, sequenceStride: 5, numMelBins: 4, samplingRate: 8000 });
const largest = (x: Tensor): number => ops.max(ops.abs(x)).item();

/** The model after `save` and `loadModel`. */
async function reloaded(model: Model): Promise<Model> {
  const folder = await mkdtemp(path.join(tmpdir(), 'keratin-'));
  try {
    await model.save(path.join(folder, 'model.keras'));
    return (await saving.loadModel(path.join(folder, 'model.keras')));
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe('MelSpectrogram', () => {
  it.each([
    [[null, null], [null, 4, null]],
    [[null, 64], [null, 4, 13]],
    [[2, null], [2, 4, null]],
    [[3, 65], [3, 4, 14]],
    [[65], [4, 14]],
    [[2, 3, 64], [2, 3, 4, 13]],
  ])('tells the shape of %j', (shape, expected) => {
    expect(mel().computeOutputShape(shape)).toEqual(expected);
  });

  it('tells the shape that it computes, whatever the length', () => {
    for (const length of [24, 25, 26, 27, 28, 29])
      expect(mel().computeOutputShape([1, length])).toEqual(mel()(random.uniform([1, length])).shape);
  });

  it('measures loudness against the whole batch', () => {
    const [loud, quiet] = [sounds, ops.multiply(sounds, 1e-3)];
    const apart = mel()(quiet);
    const together = mel()(ops.concatenate([loud, quiet])).slice([4, 0, 0], [4, 4, 13]);
    expect(largest(ops.subtract(apart, together))).toBeGreaterThan(0);
    expect(mel().takesSamplesApart()).toBe(false);
  });

  it('has bands that fill what lies between their edges, with a peak of 1', () => {
    const weights = mel().linearToMelWeightMatrix({ numMelBins: 6, numSpectrogramBins: 4097 });
    expect(weights.shape).toEqual([4097, 6]);
    for (const peak of ops.max(weights, { axis: 0 }).tolist() as number[]) expect(peak).toBeCloseTo(1, 2);
    expect(mel().linearToMelWeightMatrix().shape).toEqual([129, 20]);
    expect(mel().linearToMelWeightMatrix({ dtype: 'float64' }).dtype).toBe('float64');
    expect(() => mel().linearToMelWeightMatrix({ numMelBin: 3 } as object)).toThrow("did you mean 'numMelBins'?");
    expect(weights.slice([0, 0], [1, 6]).tolist()).toEqual([[0, 0, 0, 0, 0, 0]]);
  });

  it('takes a window of its own, and saves it', () => {
    const window = Float32Array.from({ length: 16 }, (_, i) => Math.sin((Math.PI * i) / 16) ** 2);
    const layer = new MelSpectrogram({ fftLength: 16, sequenceStride: 5, numMelBins: 4, samplingRate: 8000, window });
    const again = MelSpectrogram.fromConfig(JSON.parse(JSON.stringify(layer.getConfig())));
    expect(largest(ops.subtract(layer(sounds), mel()(sounds)))).toBeLessThan(1e-3);
    expect(again(sounds).tolist()).toEqual(layer(sounds).tolist());
  });

  it.each([
    [{ fftLength: 16, sequenceLength: 20 }, 'MelSpectrogram: fftLength must be at least sequenceLength, received 16 and 20'],
    [{ window: 'hanning' }, 'window'],
    [{ numMelBins: 0 }, 'numMelBins must be an integer >= 1'],
    [{ sequenceStride: 0.5 }, 'sequenceStride must be an integer >= 1'],
    [{ samplingRate: 0 }, 'samplingRate must be a number > 0'],
    [{ topDb: null as never }, 'topDb'],
  ])('refuses %j', (options, message) => {
    expect(() => new MelSpectrogram(options)).toThrow(message);
  });

  it('is part of a model that learns, is saved and loaded', async () => {
    const input = Input({ shape: [64] });
    const spectrum = new layers.Rescaling(0.02)(mel()(input));
    const model = new Model(input, new layers.Dense(1)(new layers.Flatten()(spectrum)));
    model.compile({ optimizer: 'adam', loss: 'mse' });
    await model.fit(sounds, ops.ones([4, 1]), { epochs: 2, batchSize: 4, verbose: 0 });
    const loaded = await reloaded(model);
    expect((await loaded.predict(sounds, { verbose: 0 })).tolist()).toEqual((await model.predict(sounds, { verbose: 0 })).tolist());
  });
});

describe('STFTSpectrogram', () => {
  it.each([
    [{}, [null, null, 1], [null, null, 129]],
    [{}, [null, 16000, 1], [null, 124, 129]],
    [{ expandDims: true }, [null, null, 2], [null, null, 129, 2]],
    [{ padding: 'same', frameStep: 100, mode: 'stft' }, [3, 1001, 2], [3, 11, 516]],
    [{ dataFormat: 'channels_first' }, [null, 2, null], [null, 258, null]],
    [{ dataFormat: 'channels_first', expandDims: true, fftLength: 512 }, [null, 2, 300], [null, 2, 1, 257]],
  ] as const)('with %j tells the shape of %j', (options, shape, expected) => {
    const layer = new STFTSpectrogram(options);
    expect(layer.computeOutputShape(shape)).toEqual(expected);
    expect(new STFTSpectrogram(options)(Input({ shape: shape.slice(1) })).shape).toEqual([null, ...expected.slice(1)]);
  });

  it.each(['log', 'magnitude', 'psd', 'real', 'imag', 'angle', 'stft'] as const)('in mode %s has the numbers of both layouts', (mode) => {
    const x = random.uniform([2, 30, 3], { minval: -1, maxval: 1, seed: 4 });
    const turned = ops.transpose(x, [0, 2, 1]);
    const make = (options: object) => new STFTSpectrogram({ mode, frameLength: 8, ...options });
    const flat = make({})(x);
    expect(ops.transpose(make({ dataFormat: 'channels_first' })(turned), [0, 2, 1]).tolist()).toEqual(flat.tolist());
    const image = make({ expandDims: true })(x);
    expect(ops.transpose(make({ dataFormat: 'channels_first', expandDims: true })(turned), [0, 2, 3, 1]).tolist()).toEqual(image.tolist());
    expect(ops.reshape(ops.transpose(image, [0, 1, 3, 2]), flat.shape).tolist()).toEqual(flat.tolist());
  });

  it('computes what ops.stft does', () => {
    const x = random.uniform([2, 64], { minval: -1, maxval: 1, seed: 5 });
    const [real, imag] = ops.stft(x, 16, 4, 16, { window: 'hann', center: false });
    const layer = new STFTSpectrogram({ mode: 'stft', frameLength: 16, frameStep: 4, periodic: true, scaling: null });
    const difference = ops.subtract(layer(ops.expandDims(x, -1)), ops.concatenate([real, imag], { axis: -1 }));
    expect(largest(difference)).toBeLessThan(1e-4);
  });

  it('is a convolution that learns, unless it is frozen, and is saved and loaded', async () => {
    const x = ops.expandDims(sounds, -1);
    for (const trainable of [true, false]) {
      const layer = new STFTSpectrogram({ frameLength: 8, trainable });
      const model = new Sequential([Input({ shape: [null, 1] }), layer, new layers.GlobalAveragePooling1D(), new layers.Dense(1)]);
      const before = layer.getWeights().map((weight) => weight.tolist());
      model.compile({ optimizer: 'adam', loss: new losses.MeanSquaredError() });
      await model.fit(x, ops.ones([4, 1]), { batchSize: 2, verbose: 0 });
      const after = layer.getWeights().map((weight) => weight.tolist());
      if (trainable) expect(after).not.toEqual(before);
      else expect(after).toEqual(before);
      const loaded = await reloaded(model);
      expect((await loaded.predict(x, { verbose: 0 })).tolist()).toEqual((await model.predict(x, { verbose: 0 })).tolist());
    }
  });

  it.each([
    [{ frameStep: 1024, fftLength: 512 }, 'frameStep must be from 1 to frameLength, received frameStep 1024 and frameLength 256'],
    [{ frameStep: 0 }, 'frameStep must be an integer >= 1'],
    [{ frameLength: 1 }, 'frameStep'],
    [{ frameStep: 32, fftLength: 128 }, 'fftLength must be at least frameLength, received fftLength 128 and frameLength 256'],
    [{ mode: 'phase' as never }, 'mode must be one of'],
    [{ scaling: 'l2' as never }, 'scaling must be one of'],
    [{ padding: 'causal' as never }, 'padding must be one of'],
    [{ window: 'unknowable' }, "'unknowable' is not a window"],
  ])('refuses %j', (options, message) => {
    expect(() => new STFTSpectrogram(options)).toThrow(message);
  });

  it('refuses integers, bfloat16 and windows of another length', () => {
    expect(() => new STFTSpectrogram()(ops.ones([1, 300, 1], { dtype: 'int32' }))).toThrow('float16, float32 or float64, received int32');
    expect(() => new STFTSpectrogram()(Input({ shape: [300, 1], dtype: 'int32' }))).toThrow('received int32');
    expect(() => new STFTSpectrogram({ dtype: 'bfloat16' })(ops.ones([1, 300, 1]))).toThrow('received bfloat16');
    expect(() => new STFTSpectrogram({ frameLength: 8, window: [1, 2, 3] })(ops.ones([1, 300, 1]))).toThrow('(8,)');
  });

  it('warns of transforms whose length is no power of 2', () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    try {
      new STFTSpectrogram({ fftLength: 512 });
      expect(warn).not.toHaveBeenCalled();
      new STFTSpectrogram({ fftLength: 300 });
      expect(warn).toHaveBeenCalledWith(expect.stringContaining('fftLength should be a power of 2, received 300'));
    } finally {
      warn.mockRestore();
    }
  });
});
