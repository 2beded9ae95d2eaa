// Masks that travel with tensors: which entries count.
import type { Tensor } from '../core/tensor.js';

const masks = new WeakMap<Tensor, Tensor>();

/** Attaches a bool mask to a tensor: losses and metrics leave out the entries where it is false. Returns the tensor. */
export function setMask(tensor: Tensor, mask: Tensor): Tensor {
  masks.set(tensor, mask);
  return tensor;
}
/** The mask of a tensor, or null when all its entries count. */
export const getMask = (tensor: Tensor): Tensor | null => masks.get(tensor) ?? null;
