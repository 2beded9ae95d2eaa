// Wrapper: base of the layers that add something to another layer.
import { field } from '../../config/fields.js';
import { isSerialized, type SerializedObject } from '../../config/registration.js';
import { deserializeKerasObject, serializeKerasObject } from '../../config/serialization.js';
import { Layer, layer } from '../base/layer.js';
import type { LayerOptions } from '../base/options.js';

/** @internal A field with a layer, or the config of one. */
export const layerField = field<Layer | SerializedObject, Layer>(
  'a layer',
  (v) => {
    const found = isSerialized(v) ? deserializeKerasObject(v) : v;
    return found instanceof Layer ? found : undefined;
  },
  { serialize: serializeKerasObject },
);

/** Options of `Wrapper`. */
export type WrapperOptions = LayerOptions;

/**
 * Base of layers around another layer, which they hold as `layer`, build with themselves and save in their config:
 *
 * ```ts
 * class Twice extends keras.layers.Wrapper {
 *   call(x) { return this.layer(this.layer(x)); }
 * }
 * ```
 * @throws for what is no layer.
 */
export class Wrapper extends layer('Wrapper', { layer: layerField }, ['layer']) {
  static readonly samples: readonly object[] = [];
  /** The layer inside. */
  readonly layer: Layer = this.config.layer;

  override build(inputShape: unknown): void {
    this.layer.buildFrom(inputShape);
  }

  override call(_inputs: unknown, ..._rest: unknown[]): unknown {
    throw new Error(`${this.constructor.name} "${this.name}": a wrapper must have a method call(inputs, options)`);
  }
}
