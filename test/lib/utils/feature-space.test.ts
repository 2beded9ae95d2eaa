// FeatureSpace: what Keras learns and encodes (the recording feature_space), models over it, files, and what it refuses.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { camelCase } from '#lib/base/names.js';
import { Tensor } from '#lib/core/tensor.js';
import { data, Input, KerasTensor, layers, Model, ops, saving, utils } from 'keratin';
import { readFixture, type RecordedArray, type Spec } from '../../helpers/fixtures.js';
import { argumentOf, camelKeys, expectClose, make } from '../../helpers/recorded.js';

const { FeatureSpace } = utils;
type Space = utils.FeatureSpace;
type Table = Record<string, unknown>;
interface SpaceCase {
  name: string;
  features: Record<string, string | Spec>;
  options: Record<string, unknown>;
  adapt: { data: Table; batch: number | null } | null;
  config: Record<string, unknown>;
  encoded: unknown;
  moments: Record<string, RecordedArray[]>;
  calls: { data: Table; output: RecordedArray | Record<string, RecordedArray> }[];
}

/** A feature or a cross of a method of FeatureSpace; others as they are. */
function made(value: unknown): unknown {
  const { symbol, args, options } = value as Spec;
  if (typeof symbol !== 'string') return value;
  if (symbol.startsWith('layers.')) return make(layers, value as Spec);
  const method = camelCase(symbol.split('.').at(-1)!) as 'cross';
  const given = args.map((arg) => (Array.isArray(arg) ? arg : made(arg)));
  return FeatureSpace[method](...([...given, camelKeys(options)] as unknown as Parameters<typeof FeatureSpace.cross>));
}
function spaceOf({ features, options }: SpaceCase): Space {
  const { crosses, ...rest } = camelKeys(options);
  const given = Object.fromEntries(Object.entries(features).map(([name, feature]) => [name, made(feature)])) as Record<string, 'float'>;
  const crossed = crosses === undefined ? {} : { crosses: (crosses as unknown[]).map(made) as string[][] };
  return new FeatureSpace(given, { ...rest, ...crossed });
}
const quiet = { verbose: 0 };
async function adapted(recorded: SpaceCase): Promise<Space> {
  const space = spaceOf(recorded);
  if (recorded.adapt === null) return space;
  const table = argumentOf(recorded.adapt.data) as Table;
  const rows = data.Dataset.fromTensorSlices(table);
  const { batch } = recorded.adapt;
  await space.adapt(batch === null ? table : batch === 0 ? rows : rows.batch(batch), quiet);
  return space;
}
const symbolsOf = (value: unknown): unknown =>
  value instanceof KerasTensor
    ? { shape: value.shape, dtype: value.dtype }
    : Object.fromEntries(Object.entries(value as object).map(([name, symbol]) => [name, symbolsOf(symbol)]));
const valuesOf = (output: unknown): unknown =>
  output instanceof Tensor
    ? output.tolist()
    : Object.fromEntries(Object.entries(output as Record<string, Tensor>).map(([name, value]) => [name, value.tolist()]));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'keratin-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe.each(readFixture<SpaceCase>('feature_space').map((recorded) => [recorded.name, recorded] as const))('%s', (_, recorded) => {
  it('learns, tells and encodes what Keras does', async () => {
    const space = await adapted(recorded);
    expect(symbolsOf(space.getEncodedFeatures())).toEqual(recorded.encoded);
    expect(JSON.parse(JSON.stringify(space.getConfig()))).toEqual(recorded.config);
    for (const [name, moments] of Object.entries(recorded.moments))
      moments.forEach((expected, i) => expectClose(space.preprocessors[name].weights[i].value, expected));
    for (const { data: table, output } of recorded.calls) {
      const encoded = space(argumentOf(table) as Table);
      if (encoded instanceof Tensor) expectClose(encoded, output as RecordedArray);
      else {
        for (const [name, expected] of Object.entries(output as Record<string, RecordedArray>))
          expectClose((encoded as Record<string, Tensor>)[name], expected);
      }
    }
  });

  it('does so after it was saved and loaded', async () => {
    const space = await adapted(recorded);
    const file = path.join(folder, `${recorded.name}.keras`);
    await space.save(file);
    const loaded = (await saving.loadModel(file)) as unknown as Space;
    expect(loaded).toBeInstanceOf(FeatureSpace);
    for (const { data: table } of recorded.calls)
      expect(valuesOf(loaded(argumentOf(table) as Table))).toEqual(valuesOf(space(argumentOf(table) as Table)));
    expect(loaded.getConfig()).toEqual(space.getConfig());
  });
});

const TABLE = { age: [31, 45, 52, 28], job: ['cook', 'smith', 'cook', 'baker'], town: ['Oslo', 'Rome', 'Rome', 'Oslo'] };
const people = async (options: utils.FeatureSpaceOptions = {}): Promise<Space> => {
  const space = new FeatureSpace(
    { age: 'float_normalized', job: 'string_categorical', town: FeatureSpace.stringHashed(3) },
    { crosses: [['job', 'town']], crossingDim: 5, ...options },
  );
  await space.adapt(TABLE, quiet);
  return space;
};

describe('FeatureSpace', () => {
  it('is the first part of models, inside and outside of them', async () => {
    const space = await people();
    const targets = [1, 0, 0, 1];
    const inside = new Model(space.getInputs(), new layers.Dense(1)(space.getEncodedFeatures() as KerasTensor));
    inside.compile({ optimizer: 'adam', loss: 'mse' });
    await inside.fit(TABLE, targets, { epochs: 2, verbose: 0 });
    const outside = new Model(space.getEncodedFeatures() as KerasTensor, inside.layers.at(-1)!(space.getEncodedFeatures() as KerasTensor));
    outside.compile({ optimizer: 'adam', loss: 'mse' });
    const expected = (await inside.predict(TABLE, { verbose: 0 })).tolist();
    expect((await outside.predict(space(TABLE) as Tensor, { verbose: 0 })).tolist()).toEqual(expected);
    const rows = data.Dataset.fromTensorSlices([TABLE, targets]).map((row, target) => [space(row) as Tensor, target]).batch(2);
    await outside.fit(rows, { verbose: 0 });
    await inside.save(path.join(folder, 'inside.keras'));
    const loaded = (await saving.loadModel(path.join(folder, 'inside.keras')));
    expect((await loaded.predict(TABLE, { verbose: 0 })).tolist()).toEqual((await inside.predict(TABLE, { verbose: 0 })).tolist());
  });

  it('encodes symbols', async () => {
    const space = await people();
    const inputs = { age: Input({ shape: [1] }), job: Input({ shape: [1], dtype: 'string' }), town: Input({ shape: [1], dtype: 'string' }) };
    const model = new Model(inputs, space(inputs) as KerasTensor);
    expect((model(TABLE)).tolist()).toEqual((space(TABLE) as Tensor).tolist());
  });

  it('encodes one sample as a row of a batch', async () => {
    const space = await people();
    const batch = (space(TABLE) as Tensor).tolist() as number[][];
    expect((space({ age: 45, job: 'smith', town: 'Rome' }) as Tensor).tolist()).toEqual(batch[1]);
    expect((space({ age: [[45]], job: [['smith']], town: [['Rome']] }) as Tensor).tolist()).toEqual([batch[1]]);
  });

  it('crosses more than two features', () => {
    const space = new FeatureSpace({ a: 'integer_hashed', b: 'integer_hashed', c: 'string_hashed' }, { crosses: [['a', 'b', 'c']], outputMode: 'dict' });
    const { a_X_b_X_c: crossed } = space({ a: [1, 2], b: [3, 4], c: ['x', 'y'] }) as Record<string, Tensor>;
    expect(crossed.shape).toEqual([2, 32]);
    expect(ops.sum(crossed, { axis: 1 }).tolist()).toEqual([1, 1]);
  });

  it('takes given boundaries, vocabularies and statistics without data', () => {
    const space = new FeatureSpace({
      bin: FeatureSpace.floatDiscretized(null, { binBoundaries: [0, 1] }),
      word: FeatureSpace.feature('string', new layers.StringLookup({ vocabulary: ['a', 'b'] }), 'one_hot'),
      number: FeatureSpace.feature('float32', new layers.Normalization({ mean: 1, variance: 4 }), 'float'),
    });
    expect((space({ bin: [0.5], word: ['b'], number: [5] }) as Tensor).tolist()).toEqual([[0, 1, 0, 2, 0, 0, 1]]);
  });

  it('takes its arguments by name, features of any name, and is made again from its config', async () => {
    expect(new FeatureSpace({ features: { x: 'float' }, outputMode: 'dict' }).outputMode).toBe('dict');
    expect(Object.keys(new FeatureSpace({ features: 'float', name: 'float' }).features)).toEqual(['features', 'name']);
    const space = await people({ outputMode: 'dict' });
    const again = FeatureSpace.fromConfig(space.getConfig());
    expect(again.getConfig()).toEqual(space.getConfig());
    expect(again.crosses.map(({ name }) => name)).toEqual(['job_X_town']);
    expect(() => again(TABLE)).toThrow('call adapt');
  });

  it('is adapted anew', async () => {
    const space = await people();
    expect((space(TABLE) as Tensor).shape).toEqual([4, 13]);
    await space.adapt([{ age: [1, 3], job: ['judge', 'poet'], town: ['x', 'y'] }], quiet);
    expect((space({ age: 2, job: 'poet', town: 'x' }) as Tensor).shape).toEqual([12]);
    expect((space({ age: 2, job: 'poet', town: 'x' }) as Tensor).tolist()).toEqual((space({ age: [2], job: ['poet'], town: ['x'] }) as Tensor).at(0).tolist());
  });

  it('reads x of elements [x, y], and arrays of samples', async () => {
    const space = new FeatureSpace({ age: 'float_normalized', job: 'string_categorical' });
    await space.adapt(data.Dataset.fromTensorSlices([{ age: TABLE.age, job: TABLE.job }, [0, 1, 0, 1]]), quiet);
    const other = new FeatureSpace({ age: 'float_normalized', job: 'string_categorical' });
    await other.adapt(TABLE.age.map((age, i) => ({ age, job: TABLE.job[i] })), quiet);
    expect((space({ age: 31, job: 'cook' }) as Tensor).tolist()).toEqual((other({ age: 31, job: 'cook' }) as Tensor).tolist());
  });

  it('shows how far it is', async () => {
    const lines: string[] = [];
    const write = jest.spyOn(process.stdout, 'write').mockImplementation((text) => lines.push(String(text)) > 0);
    try {
      await new FeatureSpace({ age: 'float_normalized' }).adapt({ age: [1, 2] }, { verbose: 2 });
    } finally {
      write.mockRestore();
    }
    expect(lines.join('')).toMatch(/1\/1 - .*\/feature/);
  });

  it.each([
    [() => new FeatureSpace({}), 'features must be an object of features'],
    [() => new FeatureSpace({ a: 'float_normalised' as 'float' }), "did you mean 'float_normalized'?"],
    [() => new FeatureSpace({ a: 'float', b: 'float' }, { crosses: [['a', 'c']] }), "crosses: unknown feature 'c'"],
    [() => new FeatureSpace({ a: 'float', b: 'float' }, { crosses: [['a']] }), 'at least two names'],
    [() => new FeatureSpace({ a: 'float' }, { outputMode: 'list' as 'dict' }), "outputMode must be one of 'concat', 'dict'"],
    [() => new FeatureSpace({ a: 'float' }, { crossingDim: 0 }), 'crossingDim must be an integer >= 1'],
    [() => FeatureSpace.stringHashed(0), 'FeatureSpace.stringHashed: numBins must be an integer >= 1'],
    [() => FeatureSpace.stringHashed(3, { outputMode: 'float' as 'int' }), "outputMode must be one of 'int', 'one_hot'"],
    [() => FeatureSpace.floatRescaled({ scal: 2 } as object), "unknown option 'scal'; did you mean 'scale'?"],
    [() => FeatureSpace.feature('float32', 'relu' as never, 'float'), 'preprocessor must be a layer'],
    [() => FeatureSpace.cross(['a', 'b'], 0), 'crossingDim must be an integer >= 1'],
    [() => new FeatureSpace({ a: 'string_categorical' })({ a: 'x' }), 'call adapt'],
    [() => new FeatureSpace({ a: 'string_categorical' }).getInputs(), 'call adapt'],
    [() => new FeatureSpace({ a: FeatureSpace.stringHashed(3, { outputMode: 'int' }) })({ a: 'x' }), "feature 'a' is not encoded"],
    [() => new FeatureSpace({ a: FeatureSpace.feature('float32', new layers.Rescaling(2), 'one_hot') })({ a: 1 }), 'must give integers, not float32'],
    [() => new FeatureSpace({ a: 'float', b: 'float' }, { crosses: [['a', 'b']] })({ a: 1, b: 2 }), 'inputs must be integers or strings'],
    [() => new FeatureSpace({ age: 'float' })({ aeg: 1 }), "unknown feature 'aeg'; did you mean 'age'?"],
    [() => new FeatureSpace({ a: 'float', b: 'float' })({ a: 1 }), "the feature 'b' is missing"],
    [() => new FeatureSpace({ a: 'float' })([1] as never), 'expects an object of features'],
    [() => new FeatureSpace({ a: 'float' })({ a: '3' }), 'a: expected numbers, received strings'],
    [() => new FeatureSpace({ a: 'string_hashed' })({ a: 3 }), 'a: expected strings, received 3'],
    [() => new FeatureSpace({ a: 'float', b: 'float' })({ a: [1, 2], b: [1] }), "received 2 of 'a', 1 of 'b'"],
  ])('refuses %s', (run, message) => {
    expect(run).toThrow(message);
  });

  it.each<[unknown, string]>([
    [{ age: [] }, 'the data is empty'],
    [data.Dataset.from<Table>([]), 'the data is empty'],
    [{ aeg: [1] }, "the data has no 'age'; it has 'aeg'"],
    [data.Dataset.fromTensorSlices({ aeg: [1] }), "the data has no 'age'"],
    [data.Dataset.range(3), 'objects of features'],
    [{ age: 3 }, 'expected an array with a value for each sample'],
    [3, 'expected a data set, or an object of arrays'],
    [(function* once() { yield { age: [1] }; })(), 'readable again and again'],
    [{ age: ['x', 'y'] }, 'age: expected numbers, received strings'],
  ])('refuses to adapt to %p', async (given, message) => {
    const space = new FeatureSpace({ age: 'float_normalized' });
    await expect(space.adapt(given, quiet)).rejects.toThrow(message);
    expect(() => space({ age: 1 })).toThrow('call adapt');
  });

  it('has files of its own, of one form', async () => {
    const space = await people();
    await expect(space.save(path.join(folder, 'space.h5'))).rejects.toThrow('expected a model');
    const fresh = new FeatureSpace({ age: 'float_normalized' });
    await fresh.save(path.join(folder, 'fresh.keras'));
    const loaded = (await saving.loadModel(path.join(folder, 'fresh.keras'))) as unknown as Space;
    expect(() => loaded({ age: 1 })).toThrow('call adapt');
  });
});
