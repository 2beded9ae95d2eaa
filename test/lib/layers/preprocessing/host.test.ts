// Lookups, hashes and texts: what they refuse, files, and models with them.
import { describe, expect, it } from '@jest/globals';
import { Input, layers, Model, ops, saving, Sequential, type Tensor } from 'keratin';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const { Dense, HashedCrossing, Hashing, IntegerLookup, StringLookup, TextVectorization } = layers;
const call = (layer: unknown, x: unknown): Tensor => (layer as (x: unknown) => Tensor)(x);
const texts = ['the quick fox', 'the lazy dog', 'a fox'];
async function inFolder<T>(run: (folder: string) => T | Promise<T>): Promise<T> {
  const folder = mkdtempSync(path.join(tmpdir(), 'keratin-'));
  try {
    return await run(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('what is refused', () => {
  it.each([
    [() => new IntegerLookup({ vocabulary: [] }), 'the vocabulary is empty'],
    [() => new IntegerLookup({ vocabulary: ['a'] as never }), "vocabulary: expected integers, received 'a'"],
    [() => new StringLookup({ vocabulary: [1] as never }), 'vocabulary: expected strings, received 1'],
    [() => new IntegerLookup({ encoding: 'latin' } as never), "encoding must be one of 'utf-8'"],
    [() => new IntegerLookup({ salt: 3 }), "salt is for oovMethod 'farmhash'"],
    [() => new IntegerLookup({ vocabulary: [1], outputMode: 'count', sparse: true }), 'sparse tensors are not supported'],
    [() => new StringLookup({ vocabulary: '/no/such/file' }), 'cannot be read'],
    [() => call(new IntegerLookup({ vocabulary: [1], numOovIndices: 0 }), [[2]]), 'must be in the vocabulary, received 2'],
    [() => call(new StringLookup({ outputMode: 'count' }), ['a']), 'has no vocabulary yet'],
    [() => new IntegerLookup({ vocabulary: [4, 1], numOovIndices: 2 ** 31 }).getVocabulary(), 'the number of special tokens must be an integer'],
    [() => new Hashing(0), 'numBins must be an integer >= 1'], [() => new Hashing(2, { salt: [1] as never }), 'salt must be an integer or two'],
    [() => new Hashing(2, { dtype: 'float32' }), "dtype must be 'int32' or 'int64', received 'float32'"],
    [() => call(new HashedCrossing(2), [ops.ones([2, 2]), ops.ones([2, 2])]), 'inputs must have shape (), (batch,) or (batch, 1)'],
    [() => call(new HashedCrossing(2), [ops.ones([2]), ops.ones([2])]), 'inputs must be integers or strings, received float32'],
    [() => call(new HashedCrossing(2), [['a']]), 'expects at least two inputs, received 1'],
    [() => new TextVectorization({ outputMode: 'count', outputSequenceLength: 3 }), "outputSequenceLength is for outputMode 'int'"],
    [() => new TextVectorization({ ngrams: 'two' as never }), 'ngrams must be an integer >= 1 or an array of them'],
    [() => new TextVectorization({ ngrams: 0 }), 'ngrams must be an integer >= 1'],
    [() => new TextVectorization({ ngrams: [2, 0] }), 'ngrams must be an integer >= 1'],
    [() => new TextVectorization({ ragged: true }), 'only false is taken'],
    [() => call(new TextVectorization({ vocabulary: ['a'] }), [['a', 'b']]), 'texts to be split must have one axis'],
    [() => call(new TextVectorization({ vocabulary: ['a'] }), [['a'], ['b', 'c']]), 'rows of strings must have one length'],
    [() => call(new TextVectorization({ vocabulary: ['a'], outputMode: 'one_hot' }), ['a', 'b c']), 'different numbers of them'],
  ])('%#', (run, text) => expect(run).toThrow(text));

  it('by adapt, which leaves the layer as it was', async () => {
    const lookup = new StringLookup({ outputMode: 'multi_hot' });
    await expect(lookup.adapt([])).rejects.toThrow('the data is empty');
    async function* none() { /* no batches */ }
    await expect(new TextVectorization().adapt(none())).rejects.toThrow('the data is empty');
    await lookup.adapt(['a', 'b']);
    await expect(lookup.adapt(['a', 'b', 'c'])).rejects.toThrow('rows have an entry for each of 3 terms, and the new vocabulary has 4');
    async function* broken() {
      yield ['c', 'd'];
      yield [1];
    }
    await expect(lookup.adapt(broken())).rejects.toThrow('expected strings');
    expect(lookup.getVocabulary()).toEqual(['[UNK]', 'b', 'a']);
    await lookup.adapt(['x', 'y']);
    expect(lookup.getVocabulary()).toEqual(['[UNK]', 'y', 'x']);
    await expect(new TextVectorization({ vocabulary: ['a'] }).adapt(texts)).rejects.toThrow('has a vocabulary of its own');
  });
});

describe('texts', () => {
  it('are standardized and split by functions too', async () => {
    const layer = new TextVectorization({ standardize: (text) => text.toUpperCase(), split: (text) => text.split('-') });
    await layer.adapt(['a-b', 'b']);
    expect(layer.getVocabulary()).toEqual(['', '[UNK]', 'B', 'A']);
    expect(call(layer, ['b-c-a']).tolist()).toEqual([[2, 1, 3]]);
    expect(() => call(new TextVectorization({ vocabulary: ['a'], split: () => 'a' as never }), ['a'])).toThrow('split must return an array');
  });
  it('are read in batches', async () => {
    async function* batches() {
      yield [texts.slice(0, 2), [0, 1]];
      yield texts.slice(2);
    }
    const layer = new TextVectorization();
    await layer.adapt(batches());
    expect(layer.getVocabulary()).toEqual(['', '[UNK]', 'the', 'fox', 'quick', 'lazy', 'dog', 'a']);
    expect(layer.getVocabulary({ includeSpecialTokens: false }).length).toBe(6);
  });
});

describe('files and models', () => {
  it('read vocabularies', () => inFolder((folder) => {
    const file = path.join(folder, 'terms.txt');
    writeFileSync(file, '7\r\n3\n');
    expect(new IntegerLookup({ vocabulary: file }).getVocabulary()).toEqual([-1, 7, 3]);
    writeFileSync(file, 'x\n');
    expect(() => new IntegerLookup({ vocabulary: file })).toThrow('expected an integer on each line');
    expect(new TextVectorization({ vocabulary: file }).getVocabulary()).toEqual(['', '[UNK]', 'x']);
  }));

  it.each(['int', 'multi_hot', 'tf_idf'] as const)('keep what was learned, in mode %s', (outputMode) => inFolder(async (folder) => {
    const vectorize = new TextVectorization({ outputMode, ...(outputMode === 'int' ? { outputSequenceLength: 4 } : {}) });
    await vectorize.adapt(texts);
    const lookup = new IntegerLookup({ outputMode });
    await lookup.adapt([[4], [4], [9]]);
    const [words, codes] = [Input({ shape: [1], dtype: 'string' }), Input({ shape: [1], dtype: 'int64' })];
    const model = new Model([words, codes], [vectorize(words), lookup(codes)]);
    const x = [[['the fox'], ['zebra dog']], ops.convertToTensor([[9], [4]], { dtype: 'int64' })];
    const expected = (await model.predict(x as never, { verbose: 0 }) as unknown as Tensor[]).map((y) => y.tolist());
    await model.save(path.join(folder, 'm.keras'));
    const loaded = await saving.loadModel(path.join(folder, 'm.keras'));
    expect((await loaded.predict(x as never, { verbose: 0 }) as unknown as Tensor[]).map((y) => y.tolist())).toEqual(expected);
  }));

  it('have models with strings in them', async () => {
    const vectorize = new TextVectorization({ vocabulary: ['good', 'bad'], outputSequenceLength: 3 });
    const encoder = new Sequential([Input({ shape: [1], dtype: 'string' }), vectorize, new layers.Embedding(4, 3), new layers.Flatten()]);
    const [text, code, size] = [Input({ shape: [1], dtype: 'string' }), Input({ shape: [1], dtype: 'int32' }), Input({ shape: [2] })];
    const hashed = new Hashing(4, { outputMode: 'one_hot' })(code);
    const crossed = new HashedCrossing(5, { outputMode: 'one_hot' })([text, code]);
    const joined = new layers.Concatenate()([encoder(text), hashed, crossed, new Dense(2)(size)] as never);
    const model = new Model([text, code, size], new Dense(1)(joined as never));
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    const x = [[['good film'], ['bad']], [[3], [4]], [[1, 2], [3, 4]]];
    const before = call(model, x).tolist() as number[][];
    const predicted = (await model.predict(x as never, { verbose: 0 })).tolist() as number[][];
    before.forEach(([value], i) => expect(predicted[i][0]).toBeCloseTo(value, 5));
    const embeddings = encoder.layers[1].weights[0];
    const start = embeddings.value.tolist();
    await model.fit(x as never, [[1], [0]], { epochs: 3, verbose: 0 });
    expect(embeddings.value.tolist()).not.toEqual(start);
  });
});
