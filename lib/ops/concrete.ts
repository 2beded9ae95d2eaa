// What needs the values of a tensor, not only its shape.
import { showShape } from '../base/shape.js';
import type { Tensor } from '../core/tensor.js';

/**
 * Throws when the values of `x`, on which a shape depends, are not there: in compiled functions and on symbols. `instead` says what to do.
 */
export function valuesNeeded(where: string, x: Tensor, instead: string | null): void {
  if (x.memory !== null) return;
  throw new Error(
    `${where}: the shape of the result depends on the values of a tensor of shape ${showShape(x.shape)}, which are not known in a compiled function or a model` +
      (instead === null ? '' : `; ${instead}`),
  );
}
