// Activation: an activation function as a layer.
import { get, serialize, type ActivationLike } from '../../activations/index.js';
import type { Activation as ActivationFunction } from '../../activations/lookup.js';
import type { Field } from '../../config/fields.js';
import type { Tensor } from '../../core/tensor.js';
import { layer } from '../base/layer.js';
import type { LayerOptions } from '../base/options.js';

const activation: Field<ActivationLike, ActivationFunction, true> = {
  required: true,
  expects: 'an activation',
  parse: (value, where) => get(value as ActivationLike, where),
  serialize,
};

/** Options of `Activation`. */
export type ActivationOptions = LayerOptions;

/**
 * Applies an activation function: a name of `keras.activations`, or a function of a tensor. The shape stays the same.
 *
 * ```ts
 * new keras.layers.Activation('relu')([-3, 0, 2]).tolist(); // [0, 0, 2]
 * ```
 * @throws a TypeError with the nearest name for an unknown one.
 */
export class Activation extends layer('Activation', { activation }, ['activation']) {
  static override readonly builtWhenMade = true;
  static readonly samples = [{ args: ['relu'], inputs: [[2, 3]] }, { args: ['softmax'], inputs: [[2, 3, 4]] }];
  override supportsMasking = true;

  override call(x: Tensor): Tensor {
    return this.config.activation(x);
  }
}
