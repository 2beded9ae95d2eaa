// Masks that travel with tensors and symbols: which entries count.
import type { KerasTensor } from './keras-tensor.js';
import { Tensor } from '../core/tensor.js';

const masks = new WeakMap<object, Tensor | KerasTensor>();

/**
 * Attaches a bool mask to a tensor or symbol: layers that take a mask get it, losses and metrics leave out the entries where it is false.
 * Returns the tensor.
 */
export function setMask<T extends Tensor | KerasTensor>(tensor: T, mask: Tensor | KerasTensor): T {
  masks.set(tensor, mask);
  return tensor;
}
/** The mask of a tensor, or null when all its entries count. */
export function getMask(tensor: Tensor): Tensor | null;
export function getMask(tensor: unknown): Tensor | KerasTensor | null;
export function getMask(tensor: unknown): Tensor | KerasTensor | null {
  return typeof tensor === 'object' && tensor !== null ? (masks.get(tensor) ?? null) : null;
}
/** Attaches the mask of one tensor to another that was made of it. Returns the other. */
export function keepMask<T>(from: unknown, to: T): T {
  const mask = getMask(from);
  if (mask !== null && to instanceof Tensor && to !== from) setMask(to, mask);
  return to;
}
