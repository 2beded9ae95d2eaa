// Bounds, defaults and effects that no other test looks at: what `npm run test:mutants` found to go unnoticed.
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import {
  callbacks, datasets, initializers, Input, layers, losses, metrics, Model, models, ops, optimizers, quantizers, random, Sequential, utils,
  Variable, type Tensor,
} from 'keratin';
import { trainedSize } from '#lib/applications/mobile.js';
import { NumpyDType } from '#lib/datasets/pickled-array.js';

afterEach(() => void jest.restoreAllMocks());

/** What is written to the terminal meanwhile. */
function written(action: () => void): string {
  let text = '';
  const spy = jest.spyOn(process.stdout, 'write').mockImplementation((part) => ((text += String(part)), true));
  const log = jest.spyOn(console, 'log').mockImplementation((...parts) => void (text += `${parts.join(' ')}\n`));
  action();
  spy.mockRestore();
  log.mockRestore();
  return text;
}

describe('models', () => {
  it('write sizes of 1024 bytes as kilobytes', () => {
    const lines: string[] = [];
    const model = new Sequential([Input({ shape: [15] }), new layers.Dense(16)]);
    model.summary({ printFn: (line: string) => void lines.push(line) });
    expect(lines.join('\n')).toContain('256 (1.00 KB)');
  });
  it('are cloned into their own class', () => {
    class Own extends Model {}
    const x = Input({ shape: [2] });
    const own = new Own(x, new layers.Dense(1)(x));
    expect(models.cloneModel(own)).toBeInstanceOf(Own);
    expect(models.cloneModel(new Model(x, new layers.Dense(1)(x)))).not.toBeInstanceOf(Own);
  });
  it('keep the masks of what they are called on', () => {
    const x = Input({ shape: [3, 1] });
    const mean = new Model(x, new layers.GlobalAveragePooling1D()(x));
    const steps = ops.convertToTensor([[[1], [0], [3]]], { dtype: 'float32' });
    expect(mean(new layers.Masking()(steps)).tolist()).toEqual([[2]]);
    expect(mean(new layers.Masking()(steps), { mask: null }).tolist()).toEqual([[2]]);
    expect(mean(steps).tolist()[0 as never]).not.toEqual([2]);
  });
});

describe('optimizers', () => {
  it('have a momentum as soon as it is not 0', () => {
    const variables = [new Variable([1.5, 2.5])];
    const count = (momentum: number) => {
      const optimizer = new optimizers.RMSprop(0.1, { momentum });
      optimizer.build(variables);
      return optimizer.variables.length;
    };
    expect(count(0.25)).toBe(count(0) + 1);
  });
  it('of several kinds count their steps', () => {
    const variable = new Variable([1.5, 2.5]);
    const map = new optimizers.OptimizerMap(new optimizers.SGD(0.5));
    const optimizer = new optimizers.MultiOptimizer(map);
    optimizer.apply([ops.ones([2])], { trainableVariables: [variable] });
    optimizer.apply([ops.ones([2])], { trainableVariables: [variable] });
    expect(Number(optimizer.iterations.value.item())).toBe(2);
    expect(variable.value.tolist()).toEqual([0.5, 1.5]);
  });
});

describe('layers', () => {
  it('that add noise do so in training alone, and are not in training by default', () => {
    const x = ops.ones([4, 3, 2, 2, 2]);
    const noisy = [new layers.GaussianNoise(0.5), new layers.GaussianDropout(0.5), new layers.AlphaDropout(0.5), new layers.Dropout(0.5),
      new layers.SpatialDropout3D(0.5)];
    for (const layer of noisy) {
      expect(layer(x).tolist()).toEqual(x.tolist());
      expect(layer(x, { training: false }).tolist()).toEqual(x.tolist());
      expect(layer(x, { training: true }).tolist()).not.toEqual(x.tolist());
    }
  });
  it('that add noise are written with the default of training', () => {
    const x = Input([3]);
    const noisy = [new layers.GaussianNoise(0.5), new layers.GaussianDropout(0.5), new layers.AlphaDropout(0.5), new layers.Dropout(0.5)];
    for (const layer of noisy) expect(JSON.stringify(new Model(x, layer(x)).getConfig())).toContain('"kwargs":{"training":false}');
  });
  it('draw when dropout is set later', () => {
    const attention = new layers.Attention();
    const inputs: Tensor[] = [ops.ones([2, 6, 4]), ops.ones([2, 8, 4])];
    attention.dropout = 0.5;
    expect(attention(inputs, { training: true }).tolist()).not.toEqual(attention(inputs).tolist());
  });
  it('dot multiplies along the last axes by default', () => {
    const [a, b] = [ops.convertToTensor([[1, 2], [3, 4]]), ops.convertToTensor([[5, 6], [7, 8]])];
    expect(layers.dot([a, b]).tolist()).toEqual([[17], [53]]);
  });
});

describe('callbacks', () => {
  it('EarlyStopping begins anew with each training', () => {
    const stopping = new callbacks.EarlyStopping();
    stopping.bestEpoch = 3;
    stopping.stoppedEpoch = 4;
    stopping.wait = 5;
    stopping.onTrainBegin();
    expect(stopping).toMatchObject({ bestEpoch: 0, stoppedEpoch: 0, wait: 0 });
  });
});

describe('arguments', () => {
  it('of quantizers are checked', () => {
    expect(() => new quantizers.Quantizer({ outputDtypes: 'int8' } as never)).toThrow("unknown option 'outputDtypes'; did you mean 'outputDtype'?");
  });
  it('of data sets of texts are checked before anything is read', async () => {
    await expect(datasets.imdb.loadData({ skipTop: null as never })).rejects.toThrow('skipTop must be an integer, received null');
    await expect(datasets.imdb.loadData({ indexFrom: 0.5 })).rejects.toThrow('indexFrom must be an integer');
    await expect(datasets.imdb.loadData({ maxlen: 'long' as never })).rejects.toThrow('maxlen must be an integer or null');
  });
  it('of transforms have three axes', () => {
    expect(() => new initializers.STFT()([8, 5])).toThrow('STFT: expected a shape (frame length, 1, frequencies), received (8, 5)');
    expect(new initializers.STFT()([8, 1, 5]).shape).toEqual([8, 1, 5]);
  });
});

describe('numbers', () => {
  it('that are bigints are int64, and floats beside floats', () => {
    expect(ops.convertToTensor([1n, 2n] as never).dtype).toBe('int64');
    expect(ops.convertToTensor([1n, true] as never).dtype).toBe('int64');
    expect(ops.convertToTensor([0.5, 2n] as never).dtype).toBe('float32');
    expect(ops.convertToTensor([1, 2]).dtype).toBe('int32');
  });
});

describe('networks', () => {
  it('take the size of square images that there are weights for, and else 224', () => {
    const sizes = [96, 160];
    const shapes = [[96, 96, 3], [96, 160, 3], [100, 100, 3], [null, null, 3]];
    expect(shapes.map((shape) => trainedSize(shape, null, sizes))).toEqual([96, 224, 224, 224]);
    expect(trainedSize(null, Input({ shape: [160, 160, 3] }), sizes)).toBe(160);
    expect(trainedSize(null, null, sizes)).toBe(224);
  });
});

describe('pickled arrays', () => {
  it('of bytes in the other order are refused', () => {
    const dtype = new NumpyDType('f4');
    dtype.setState('file', [3, '<', null]);
    expect(dtype.read('file')).toBe('float32');
    dtype.setState('file', [3, '>', null]);
    expect(() => dtype.read('file')).toThrow("file: cannot read a pickled NumPy array of the type '>f4'");
    expect(() => dtype.setState('file', [3])).toThrow('file: the pickle has a malformed NumPy dtype');
  });
});

describe('seeds', () => {
  it('are SplitMix64 of the global seed', () => {
    utils.setRandomSeed(0);
    // The first outputs for the state 0: 0xe220a8397b1dcdaf, 0x6e789e6aa1b965f4.
    const expected = [0xe220a8397b1dcdafn, 0x6e789e6aa1b965f4n].map((bits) => Number(bits % 1_000_000_000n) + 1);
    expect([1, 2].map(() => Number((new random.SeedGenerator().state.value.tolist() as number[])[0]))).toEqual(expected);
  });
});

describe('warnings', () => {
  it('about logits of logits come once', () => {
    const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    const output = new layers.Activation('softmax')(ops.convertToTensor([[0.5, 2]]));
    for (let i = 0; i < 3; i++) ops.categoricalCrossentropy([[1, 0]], output, { fromLogits: true });
    expect(warn).toHaveBeenCalledTimes(1);
  });
});

describe('Progbar', () => {
  it('writes minutes after the first, and hours after the first', () => {
    let now = 0;
    jest.spyOn(performance, 'now').mockImplementation(() => now * 1000);
    const isTTY = Object.getOwnPropertyDescriptor(process.stdout, 'isTTY');
    Object.defineProperty(process.stdout, 'isTTY', { value: true, configurable: true, writable: true });
    const eta = (seconds: number) => {
      now = 0;
      const bar = new utils.Progbar(3);
      return written(() => {
        bar.update(1);
        now = seconds;
        bar.update(2);
      });
    };
    const texts = [60, 61, 3600, 3601].map(eta);
    Object.defineProperty(process.stdout, 'isTTY', isTTY ?? { value: undefined, configurable: true, writable: true });
    expect(texts.map((text) => /(\S+) \S+\/step[^/]*$/.exec(text.replaceAll(/\x1b\[\d+m/g, ''))?.[1])).toEqual(['60s', '1:01', '60:00', '1:00:01']);
  });
});

describe('short names', () => {
  it.each(['bce', 'mae', 'mape', 'mse', 'msle'] as const)('%s is that of a loss and of a metric, in capitals too', (name) => {
    const capitals = name.toUpperCase() as Uppercase<typeof name>;
    expect(losses.get(capitals)).toBe(losses.get(name));
    expect(metrics.get(capitals)).toHaveProperty('name', (metrics.get(name) as metrics.Metric).name);
  });
  it('kld is that of a loss alone', () => {
    expect(losses.get('KLD')).toBe(losses.klDivergence);
    expect(() => metrics.get('kld')).toThrow("unknown metric 'kld'");
  });
});
