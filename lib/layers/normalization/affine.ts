// What the normalization layers share: options of the learned factors and offsets, and their weights.
import { bool } from '../../config/fields.js';
import { constraint } from '../../constraints/field.js';
import type { Variable } from '../../core/variable.js';
import { initializer } from '../../initializers/field.js';
import { regularizer } from '../../regularizers/field.js';
import type { ConfigOf, Layer } from '../base/layer.js';

/** Options of the factors `gamma` and the offsets `beta`. */
export const affineSchema = {
  /** Whether offsets are learned. */
  center: bool(true),
  /** Whether factors are learned. */
  scale: bool(true),
  betaInitializer: initializer('zeros'),
  gammaInitializer: initializer('ones'),
  betaRegularizer: regularizer(),
  gammaRegularizer: regularizer(),
  betaConstraint: constraint(),
  gammaConstraint: constraint(),
} as const;

type Affine = Layer & { readonly config: ConfigOf<typeof affineSchema> };

/** Makes the factors of a layer. Statistics are computed in float32 at least, so they are not cast to a lower compute dtype. */
export function addGamma(layer: Affine, shape: readonly (number | null)[]): Variable {
  const { gammaInitializer, gammaRegularizer, gammaConstraint } = layer.config;
  return layer.addWeight({
    name: 'gamma',
    shape,
    initializer: gammaInitializer,
    regularizer: gammaRegularizer,
    constraint: gammaConstraint,
    autocast: false,
  });
}
/** Makes the offsets of a layer. */
export function addBeta(layer: Affine, shape: readonly (number | null)[]): Variable {
  const { betaInitializer, betaRegularizer, betaConstraint } = layer.config;
  return layer.addWeight({
    name: 'beta',
    shape,
    initializer: betaInitializer,
    regularizer: betaRegularizer,
    constraint: betaConstraint,
    autocast: false,
  });
}
