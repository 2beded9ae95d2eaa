// Layers in configs.
import { Family, type DeserializeOptions } from '../config/family.js';
import type { SerializedObject } from '../config/registration.js';
import * as classes from './classes.js';
import { Layer } from './layer.js';

const family = new Family<Layer>({ kind: 'a layer', module: 'keras.layers', base: Layer, members: classes });

/** Keras's config form of a layer, without its weights. */
export const serialize = (layer: Layer): SerializedObject => family.serialize(layer);

/**
 * The layer that `serialize` gave this for: built if that one was, with new weights. Classes that are no layers of Keras must be registered,
 * or named in `customObjects`.
 * @throws a TypeError with the nearest name for an unknown class.
 */
export function deserialize(config: SerializedObject, options: DeserializeOptions = {}): Layer {
  const layer = family.deserialize(config, options);
  const { input_shape: shape } = config.build_config ?? {};
  if (shape !== undefined) layer.build(shape);
  return layer;
}
