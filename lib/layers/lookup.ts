// Layers in configs.
import type { DeserializeOptions } from '../config/family.js';
import { provideMembers, type SerializedObject } from '../config/registration.js';
import { deserializeKerasObject, serializeKerasObject } from '../config/serialization.js';
import { show } from '../base/errors.js';
import { Operation } from '../symbolic/operation.js';
import * as classes from './classes.js';
import { type Layer } from './base/layer.js';

provideMembers('keras.layers', classes);

/** Keras's config form of a layer, without its weights. */
export const serialize = (layer: Layer): SerializedObject => serializeKerasObject(layer) as SerializedObject;

/**
 * The layer that `serialize` gave this for: built if that one was, with new weights. Classes that are no layers of Keras must be
 * registered, or named in `customObjects`.
 * @throws a TypeError with the nearest name for an unknown class.
 */
export function deserialize(config: SerializedObject, options: DeserializeOptions = {}): Layer {
  const layer = deserializeKerasObject({ ...config, module: config.module === undefined ? 'keras.layers' : config.module }, options);
  if (!(layer instanceof Operation))
    throw new TypeError(`layers.deserialize: expected the config of a layer, received that of ${show(layer)}`);
  return layer as Layer;
}
