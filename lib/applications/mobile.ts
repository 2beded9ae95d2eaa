// What the versions of MobileNet share: their widths, and the sizes of images that there are trained weights for.
import { show } from '../base/errors.js';
import { showShape, type SymbolicShape } from '../base/shape.js';
import type { KerasTensor } from '../symbolic/keras-tensor.js';
import { areaOf } from './blocks.js';

/** @throws for a width that is none, or with trained weights one that there are none for. */
export function checkAlpha(where: string, { alpha, weights }: { alpha: number; weights: string | null }, trained: readonly number[]): void {
  if (typeof alpha !== 'number' || !(alpha > 0)) throw new TypeError(`${where}: alpha must be a number > 0, received ${show(alpha)}`);
  if (weights === 'imagenet' && !trained.includes(alpha))
    throw new RangeError(`${where}: with weights 'imagenet', alpha must be one of ${trained.join(', ')}, received ${alpha}`);
}
/** @throws when a given input has other sizes than the given shape. */
export function checkSameSizes(
  where: string, { inputShape, inputTensor }: { inputShape: SymbolicShape | null; inputTensor: KerasTensor | null },
): void {
  if (inputShape !== null && inputTensor !== null && inputTensor.shape[2] !== inputShape[1]) {
    throw new RangeError(
      `${where}: inputTensor and inputShape must have the same sizes, received ${showShape(inputTensor.shape)} and ` +
        `${showShape(inputShape)}`,
    );
  }
}
/** The rows of square images that there are trained weights for, or 224. An input that is given tells the size too. */
export function trainedSize(inputShape: SymbolicShape | null, inputTensor: KerasTensor | null, sizes: readonly number[]): number {
  const [rows, columns] = areaOf(inputShape ?? inputTensor?.shape ?? [null, null, null]);
  return rows === columns && sizes.includes(rows!) ? rows! : 224;
}
/** The rows of images that the trained weights are for; warns when the images are others. */
export function warnOfSize(where: string, shape: SymbolicShape, sizes: readonly number[]): number {
  const [rows, columns] = areaOf(shape);
  if (rows === columns && sizes.includes(rows!)) return rows!;
  process.emitWarning(
    `${where}: there are trained weights for square images of ${sizes.join(', ')} rows alone; those for 224 rows are loaded for images ` +
      `of shape ${showShape(shape)}`,
  );
  return 224;
}
/** A number as Python writes a float, in names of files. */
export const float = (n: number): string => (Number.isInteger(n) ? `${n}.0` : `${n}`);
