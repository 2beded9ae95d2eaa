// What the Inception networks are made of: tables of branches.
import type { KerasTensor } from '../symbolic/keras-tensor.js';
import * as layers from '../layers/index.js';
import { channelAxis, through } from './blocks.js';

/** A convolution: its filters, and its rows and columns; with a `stride` of 2 it is not padded. */
export type Convolution = readonly [filters: number, rows: number, columns: number, stride?: 2];
/** What follows on one way through a block. */
export type Branch = readonly (Convolution | 'average' | 'maximum')[];

/** A convolution without bias, normalization without factors, and the activation. */
export const convolved = (
  x: KerasTensor, [filters, rows, columns, stride]: Convolution, padding: 'same' | 'valid' = stride === 2 ? 'valid' : 'same', name?: string,
): KerasTensor =>
  through(
    x,
    new layers.Conv2D(filters, [rows, columns], { strides: stride ?? 1, padding, useBias: false, name: name ?? null }),
    new layers.BatchNormalization({ axis: channelAxis(), scale: false, name: name === undefined ? null : `${name}_bn` }),
    new layers.Activation('relu', { name: name === undefined ? null : `${name}_ac` }),
  );

/** The way of a branch. */
export const branch = (x: KerasTensor, steps: Branch): KerasTensor =>
  steps.reduce<KerasTensor>((y, step) => {
    if (step === 'average') return new layers.AveragePooling2D(3, { strides: 1, padding: 'same' })(y);
    return step === 'maximum' ? new layers.MaxPooling2D(3, { strides: 2 })(y) : convolved(y, step);
  }, x);
/** The channels of several symbols beside each other. */
export const joined = (parts: readonly KerasTensor[], name: string | null = null): KerasTensor =>
  new layers.Concatenate({ axis: channelAxis(), name })(parts);
/** The channels of all branches beside each other. */
export const branches = (x: KerasTensor, all: readonly Branch[], name: string): KerasTensor =>
  joined(all.map((steps) => branch(x, steps)), name);

/** The first layers. */
export function stem(input: KerasTensor): KerasTensor {
  let x = convolved(input, [32, 3, 3, 2]);
  x = convolved(convolved(x, [32, 3, 3], 'valid'), [64, 3, 3]);
  x = branch(x, ['maximum']);
  x = convolved(convolved(x, [80, 1, 1], 'valid'), [192, 3, 3], 'valid');
  return branch(x, ['maximum']);
}
/** The branches of the blocks after them, of which the first and the last have these numbers of filters. */
export const firstBranches = (first: number, last: number): readonly Branch[] => [
  [[first, 1, 1]],
  [[48, 1, 1], [64, 5, 5]],
  [[64, 1, 1], [96, 3, 3], [96, 3, 3]],
  ['average', [last, 1, 1]],
];
