// Layers of FeatureSpace, under the names that Keras saves them with.
import { provideMembers } from '../config/registration.js';
import { int, withDefault } from '../config/fields.js';
import type { HostArray } from '../core/host-array.js';
import type { Tensor } from '../core/tensor.js';
import { layer } from '../layers/base/layer.js';
import * as ops from '../ops/index.js';
import { Cross, Feature, FEATURE_MODULE } from './features.js';

/** A feature as it is, floats in the layer's dtype. */
export class TFDIdentity extends layer('TFDIdentity', {}) {
  static override readonly module = FEATURE_MODULE;
  static readonly registeredName = 'TFDIdentity';

  /** @internal Features may be strings. */
  protected override get takesStrings(): boolean {
    return true;
  }
  override call(x: Tensor | HostArray): Tensor | HostArray {
    return x;
  }
}

/** All features side by side. */
export class TFDConcat extends layer('TFDConcat', {
  /** Axis along which they stand. */
  axis: withDefault(int(), -1),
}) {
  static override readonly module = FEATURE_MODULE;
  static readonly registeredName = 'TFDConcat';

  override call(features: readonly Tensor[]): Tensor {
    return ops.concatenate([...features], { axis: this.config.axis });
  }
}

provideMembers(FEATURE_MODULE, { Cross, Feature, TFDConcat, TFDIdentity });
