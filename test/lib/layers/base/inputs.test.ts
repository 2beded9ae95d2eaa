// What layers take: one tensor, or an array of tensors, and what they say of anything else.
import { describe, expect, it } from '@jest/globals';
import { Input, layers, ops } from 'keratin';

const call = (layer: layers.Layer, inputs: unknown) => layer(inputs as never);
const x = ops.ones([2, 3]);

describe('a layer of one tensor', () => {
  const kinds: [string, () => layers.Layer][] = [
    ['BatchNormalization', () => new layers.BatchNormalization()], ['GroupNormalization', () => new layers.GroupNormalization({ groups: 3 })],
    ['LayerNormalization', () => new layers.LayerNormalization()], ['RMSNormalization', () => new layers.RMSNormalization()],
    ['Normalization', () => new layers.Normalization({ mean: 1, variance: 1 })], ['PReLU', () => new layers.PReLU()],
    ['SpectralNormalization', () => new layers.SpectralNormalization(new layers.Dense(3))],
    ['CategoryEncoding', () => new layers.CategoryEncoding(3)], ['IntegerLookup', () => new layers.IntegerLookup({ vocabulary: [1] })],
  ];
  it.each(kinds)('%s refuses a structure', (_, make) => {
    expect(() => call(make(), { re: 1, im: NaN })).toThrow('is called on one tensor, received {re, im}');
    expect(() => call(make(), [x, x])).toThrow('is called on one tensor, received [a Tensor, a Tensor]');
    expect(() => call(make(), [null])).toThrow('is called on one tensor, received [null]');
    expect(call(make(), Input([3]))).toMatchObject({ shape: [null, 3] });
  });
});

describe('a layer of several tensors', () => {
  it.each(['Add', 'Average', 'Concatenate', 'Maximum', 'Minimum', 'Multiply', 'Subtract'] as const)('%s refuses what is none', (name) => {
    const refused = (inputs: unknown) => expect(() => call(new layers[name](), inputs)).toThrow(/is called on an array of tensors, received/);
    refused(x);
    refused([[x, x], x]);
    refused([null, x]);
    refused([[, 0], x]);
    refused({ a: x, b: x });
    expect(call(new layers[name](), [x, x]).shape[0]).toBe(2);
  });
});
