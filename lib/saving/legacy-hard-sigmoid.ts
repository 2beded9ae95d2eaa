// The `hard_sigmoid` of Keras 1 and 2, which TensorFlow.js still computes: Keras 3's has another slope.
import { registerKerasSerializable } from '../config/registration.js';
import type { Tensor } from '../core/tensor.js';
import * as ops from '../ops/index.js';

/** The name under which models hold it. */
export const LEGACY_HARD_SIGMOID = 'keratin>legacy_hard_sigmoid';

/** `x / 5 + 1/2`, clipped to 0 and 1; Keras 3 has `x / 6 + 1/2`. */
export const legacyHardSigmoid = registerKerasSerializable({ package: 'keratin', name: 'legacy_hard_sigmoid' })(
  (x: Tensor): Tensor => ops.clip(ops.add(ops.multiply(x, 0.2), 0.5), 0, 1),
);
