// StringLookup, with values of real Keras on TensorFlow, and models that take strings.
import { describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Input, layers, Model, models, ops, Sequential, type Tensor } from 'keratin';
import { fingerprint64, sipHash64 } from '#lib/base/hashes.js';

const { StringLookup } = layers;
type Options = ConstructorParameters<typeof StringLookup>[0];
const abc = (options: Options = {}) => new StringLookup({ vocabulary: ['a', 'b', 'c'], ...options });
/** A call with strings. */
const call = (layer: unknown, x: unknown): Tensor => (layer as (x: unknown) => Tensor)(x);
const result = (layer: layers.Layer, x: unknown) => {
  const y = call(layer, x);
  return { dtype: y.dtype, shape: y.shape, values: y.tolist() };
};
const values = (layer: layers.Layer, x: unknown) => result(layer, x).values;
const symbol = (layer: layers.Layer, shape: (number | null)[]) => layer(Input({ shape, dtype: 'string' }));

describe('numbers of strings', () => {
  it('has the vocabulary after the special tokens', () => {
    expect(result(abc(), [['a', 'c', 'd']])).toEqual({ dtype: 'int64', shape: [1, 3], values: [[1, 3, 0]] });
    expect(values(abc({ maskToken: '' }), [['a', '', 'd']])).toEqual([[2, 0, 1]]);
    expect(abc({ maskToken: '' }).getVocabulary()).toEqual(['', '[UNK]', 'a', 'b', 'c']);
    expect(abc({ maskToken: '' }).getVocabulary({ includeSpecialTokens: false })).toEqual(['a', 'b', 'c']);
    expect(abc({ maskToken: '', numOovIndices: 2 }).vocabularySize()).toBe(6);
    expect(new StringLookup({ vocabulary: ['', '[UNK]', 'x'], maskToken: '' }).getVocabulary()).toEqual(['', '[UNK]', 'x']);
  });

  it.each([
    ['one_hot', ['a', 'c', 'd'], [[0, 1, 0, 0], [0, 0, 0, 1], [1, 0, 0, 0]]],
    ['one_hot', [['a', 'c'], ['', 'a']], [[[0, 1, 0, 0], [0, 0, 0, 1]], [[0, 0, 0, 0], [0, 1, 0, 0]]]],
    ['one_hot', [['a'], ['z']], [[0, 1, 0, 0], [1, 0, 0, 0]]],
    ['one_hot', 'a', [[0, 1, 0, 0]]],
    ['multi_hot', ['a', 'c', 'd'], [1, 1, 0, 1]],
    ['multi_hot', [['a', 'a'], ['', 'a']], [[0, 1, 0, 0], [0, 1, 0, 0]]],
    ['count', [['a', 'a'], ['', 'z']], [[0, 2, 0, 0], [1, 0, 0, 0]]],
  ] as const)('encodes %s of %j', (outputMode, x, expected) => {
    expect(values(abc({ outputMode, maskToken: '' }), x)).toEqual(expected);
  });

  it('weighs and pads', () => {
    const weighed = abc({ outputMode: 'tf_idf', idfWeights: [0.25, 0.75, 0.6] });
    const rows = values(weighed, [['a', 'c', 'c', 'd'], ['b', 'z', 'z', 'z']]) as number[][];
    const expected = [[0.5333333611488342, 0.25, 0, 1.2000000476837158], [1.6000001430511475, 0, 0.75, 0]];
    expected.forEach((row, i) => row.forEach((value, j) => expect(rows[i][j]).toBeCloseTo(value, 6)));
    const padded = new StringLookup({ vocabulary: ['a', 'b'], outputMode: 'multi_hot', padToMaxTokens: true, maxTokens: 6 });
    expect(values(padded, [['a', 'q']])).toEqual([[1, 1, 0, 0, 0, 0]]);
  });

  it('spreads unknown terms by hashes', () => {
    const long = 'a long string with more than 32 bytes in it';
    const x = [['a', 'x', 'yy', 'hello world', long, 'x'.repeat(100), '', 'abcdefghi', 'abcdefghijklmnopqrstu']];
    expect(values(new StringLookup({ vocabulary: ['a'], numOovIndices: 3 }), x)).toEqual([[3, 2, 1, 0, 2, 1, 2, 2, 0]]);
    expect(values(new StringLookup({ vocabulary: ['a'], numOovIndices: 3, salt: [1, 2] }), [x[0].slice(0, 4)])).toEqual([[3, 1, 2, 2]]);
    // tf.strings.to_hash_bucket_fast and _strong, modulo 1000.
    const repeats = [['x', 64], ['y', 65], ['z', 128], ['w', 129]] as const;
    const texts = [...x[0].slice(1), ...repeats.map(([letter, times]) => letter.repeat(times)), 'abcd', 'abcdefg'];
    expect(texts.map((text) => Number(fingerprint64(text) % 1000n)))
      .toEqual([970, 997, 11, 533, 719, 263, 58, 778, 160, 76, 603, 875, 985, 229]);
    expect(texts.map((text) => Number(sipHash64(text, [1n, 2n]) % 1000n)))
      .toEqual([630, 976, 446, 426, 463, 435, 767, 48, 837, 921, 895, 817, 811, 20]);
  });

  it('makes strings of numbers', () => {
    expect(result(abc({ invert: true }), [[1, 3, 0, 9]]))
      .toEqual({ dtype: 'string', shape: [1, 4], values: [['a', 'c', '[UNK]', '[UNK]']] });
    expect(values(abc({ invert: true, maskToken: '' }), [[1, 3, 0, 9, 2]])).toEqual([['[UNK]', 'b', '', '[UNK]', 'a']]);
  });

  it('tells the shapes of symbols', () => {
    const shapes = (outputMode: 'int' | 'one_hot' | 'multi_hot') =>
      [[1], [], [4], [null]].map((shape) => [...symbol(abc({ outputMode }), shape).shape]);
    expect(shapes('int')).toEqual([[null, 1], [null], [null, 4], [null, null]]);
    expect(shapes('one_hot')).toEqual([[null, 4], [null, 4], [null, 4, 4], [null, null, 4]]);
    expect(shapes('multi_hot')).toEqual([[null, 4], [4], [null, 4], [null, 4]]);
    expect(symbol(abc(), [1]).dtype).toBe('int64');
  });
});

describe('adapt', () => {
  const learned = async (data: unknown, options: Options = {}) => {
    const layer = new StringLookup(options);
    await layer.adapt(data as string[]);
    return layer.getVocabulary();
  };
  it('takes the most frequent terms, those of one frequency from the last on', async () => {
    expect(await learned(['b', 'a', 'b', 'c', 'a', 'd', 'e'], { maxTokens: 5 })).toEqual(['[UNK]', 'b', 'a', 'e', 'd']);
    expect(await learned([['b', 'a'], ['c', 'b'], ['[UNK]', 'é']])).toEqual(['[UNK]', 'b', 'é', 'c', 'a']);
  });
  it('reads iterables, and as many batches as are asked for', async () => {
    async function* batches() {
      yield ['q', 'q'];
      yield [['r'], ['q']];
      yield ['s'];
    }
    expect(await learned(batches())).toEqual(['[UNK]', 'q', 's', 'r']);
    const layer = new StringLookup();
    await layer.adapt(batches(), { steps: 1 });
    expect(layer.getVocabulary()).toEqual(['[UNK]', 'q']);
  });
  it('weighs terms by the documents that have them', async () => {
    const layer = new StringLookup({ outputMode: 'tf_idf' });
    await layer.adapt([['b', 'a', 'a'], ['c', 'b', 'a'], ['a', 'a', 'a']]);
    const [row] = values(layer, [['a', 'b', 'z']]) as number[][];
    [0.7230179309844971, 0.5596157908439636, 0.6931471824645996, 0].forEach((value, i) => expect(row[i]).toBeCloseTo(value, 6));
  });
  it('is refused by a layer with a vocabulary', () => expect(abc().adapt(['a'])).rejects.toThrow('has a vocabulary of its own'));
});

describe('config and files', () => {
  it('has Keras\'s config, which makes the layer again', () => {
    const config = abc({ name: 'lookup' }).getConfig();
    expect(config).toEqual({
      name: 'lookup', trainable: true,
      dtype: { module: 'keras', class_name: 'DTypePolicy', config: { name: 'float32' }, registered_name: null },
      invert: false, max_tokens: null, num_oov_indices: 1, oov_token: '[UNK]', mask_token: null, output_mode: 'int', sparse: false,
      pad_to_max_tokens: false, idf_weights: null,
      vocabulary: ['a', 'b', 'c'], vocabulary_size: 4, oov_method: 'floormod', salt: null, encoding: 'utf-8',
    });
    expect((StringLookup as unknown as { fromConfig(config: object): layers.Layer }).fromConfig(config).getConfig()).toEqual(config);
  });
  it('reads a vocabulary from a file', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'keratin-'));
    try {
      const file = path.join(folder, 'vocabulary.txt');
      writeFileSync(file, 'one\ntwo\n');
      expect(new StringLookup({ vocabulary: file }).getVocabulary()).toEqual(['[UNK]', 'one', 'two']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
  it.each([
    [{ vocabulary: ['a', 'a'] }, "the vocabulary has terms more than once: 'a'"],
    [{ vocabulary: ['a', ''], maskToken: '' }, "'' is at 1"],
    [{ vocabulary: [] }, 'the vocabulary is empty'], [{ vocabulary: ['a', 'b'], maxTokens: 2 }, 'maxTokens is 2'],
    [{ padToMaxTokens: true }, 'needs maxTokens'],
    [{ invert: true, outputMode: 'count' }, "outputMode must be 'int' with invert"],
    [{ vocabulary: ['a'], outputMode: 'tf_idf' }, 'needs idfWeights'],
  ] as [Options, string][])('refuses %j', (options, text) => expect(() => new StringLookup(options)).toThrow(text));
  it('refuses unknown terms where no index is left for them, and what is no string', () => {
    expect(() => call(abc({ numOovIndices: 0 }), [['z']])).toThrow("must be in the vocabulary, received 'z'");
    expect(() => call(abc(), [[1]])).toThrow('expected strings');
  });
});

describe('models that take strings', () => {
  const lookup = new StringLookup({ vocabulary: ['good', 'bad', 'film'] });
  const words = Input({ shape: [3], dtype: 'string', name: 'words' });
  const embedded = new layers.Embedding(lookup.vocabularySize(), 4)(lookup(words));
  const model = new Model(words, new layers.Dense(1)(new layers.GlobalAveragePooling1D()(embedded)));
  const x = [['good', 'film', 'x'], ['bad', 'film', 'y'], ['good', 'good', 'film'], ['bad', 'bad', 'z']];
  const y = [[1], [0], [1], [0]];
  const numbers = call(lookup, x);
  /** The same without strings. */
  const numeric = new Model(embedded, model.outputs[0]);
  const expected = () => (numeric(model.layers[2](numbers))).tolist();
  model.compile({ optimizer: 'sgd', loss: 'mse' });

  it('predict, in one call and in batches', async () => {
    expect(call(model, x).tolist()).toEqual(expected());
    expect((await model.predict(x as never, { verbose: 0, batchSize: 3 })).tolist()).toEqual(expected());
    expect((await model.predictOnBatch({ words: x })).tolist()).toEqual(expected());
  });
  it('train and evaluate on arrays and streams', async () => {
    const before = await model.evaluate(x as never, y, { verbose: 0 });
    const { history } = await model.fit(x as never, y, { epochs: 3, batchSize: 2, verbose: 0, validationData: [x, y] });
    expect(history.loss.at(-1)).toBeLessThan(before as number);
    expect(history.val_loss.at(-1)).toBeCloseTo(await model.evaluate(x as never, y, { verbose: 0 }) as number, 6);
    function* batches() {
      yield [x, y];
    }
    const after = await model.evaluate(batches() as never, null, { verbose: 0 });
    expect(after).toBeCloseTo(history.val_loss.at(-1)!, 6);
    expect(await model.trainOnBatch(x as never, y)).toBeCloseTo(after as number, 6);
  });
  it('have numbers beside strings', async () => {
    const n = Input({ shape: [2] });
    const w = Input({ shape: [1], dtype: 'string' });
    const two = new Model([n, w], new layers.Concatenate()([n, new StringLookup({ vocabulary: ['a'], outputMode: 'one_hot' })(w)]));
    expect((await two.predict([ops.ones([2, 2]), ['a', 'z']] as never, { verbose: 0 })).tolist()).toEqual([[1, 1, 0, 1], [1, 1, 1, 0]]);
  });
  it('may be Sequential, built or not, and cloned', async () => {
    const make = (first: unknown[]) => new Sequential([...first, abc({ outputMode: 'multi_hot' }), new layers.Dense(2)] as never);
    for (const sequential of [make([Input({ shape: [2], dtype: 'string' })]), make([])]) {
      expect((await sequential.predict([['a', 'b'], ['q', 'b']] as never, { verbose: 0 })).shape).toEqual([2, 2]);
      expect(call(sequential, [['a', 'b']]).shape).toEqual([1, 2]);
      expect(call(models.cloneModel(sequential), [['a', 'b']]).shape).toEqual([1, 2]);
    }
  });
  it('say what is wrong', () => {
    expect(() => call(new layers.Dense(2), [['a']])).toThrow('strings are no tensors; a layer such as StringLookup makes numbers of them');
    expect(() => call(model, [['a', 'b']])).toThrow("the input 'words' must have the shape (None, 3), received strings of shape (1, 2)");
    const raw = Input({ shape: [1], dtype: 'string' });
    expect(() => call(new Model(raw, new layers.Identity()(raw)), [['a']])).toThrow('a layer such as StringLookup makes numbers of them');
  });
});
