// What the blocks of several networks share.
import { settings } from '../base/settings.js';
import type { SymbolicShape } from '../base/shape.js';
import type * as layers from '../layers/index.js';
import type { KerasTensor } from '../symbolic/keras-tensor.js';

/** A symbol through one layer after the other. */
export const through = (x: KerasTensor, ...chain: readonly layers.Layer[]): KerasTensor =>
  chain.reduce((y, layer) => layer(y), x);

/** Where the channels of a batch of images are. Configs have it as Keras writes it: networks from MobileNet on count from the end. */
export const channelAxis = (): 1 | 3 => (settings.imageDataFormat === 'channels_first' ? 1 : 3);
export const lastAxis = (): 1 | -1 => (settings.imageDataFormat === 'channels_first' ? 1 : -1);
/** Number of channels. */
export const channelsOf = (x: KerasTensor): number => x.shape.at(lastAxis())!;
/** Rows and columns of images, or of one. */
export const areaOf = (shape: SymbolicShape): SymbolicShape =>
  settings.imageDataFormat === 'channels_first' ? shape.slice(-2) : shape.slice(-3, -1);

/** The zeros that windows of `size` with a stride of 2 need around images, so that the outputs lie in the middle. */
export function padding(x: KerasTensor, size: number): [[number, number], [number, number]] {
  const [rows, columns] = areaOf(x.shape);
  const after = Math.floor(size / 2);
  const before = (length: number): number => after - 1 + (length % 2);
  return rows === null ? [[after - 1, after], [after - 1, after]] : [[before(rows!), after], [before(columns!), after]];
}

/** The multiple of 8 nearest to `n`, at least 8. */
export const nearestMultipleOf8 = (n: number): number => Math.max(8, Math.floor(Math.trunc(n + 4) / 8) * 8);
/** The multiple of 8 nearest to `n`, at least 8, and not below it by more than a tenth. */
export function multipleOf8(n: number): number {
  const near = nearestMultipleOf8(n);
  return near < 0.9 * n ? near + 8 : near;
}
