// `keras.applications.resnetV2`.
import { preprocessAs } from './imagenet.js';
import { residualNetwork } from './residual-network.js';

export { decodePredictions } from './imagenet.js';

/**
 * ResNetV2 (He et al., 2016), with normalization and activation before the convolutions, with 50 layers that have weights. Otherwise as
 * `ResNet50`.
 *
 * ```ts
 * const model = keras.applications.ResNet50V2({ weights: null, includeTop: false, pooling: 'avg' });
 * ```
 */
export const ResNet50V2 = residualNetwork('ResNet50V2', 'resnet50v2', [3, 4, 6, 3], true);
/** As `ResNet50V2`, with 101 layers. */
export const ResNet101V2 = residualNetwork('ResNet101V2', 'resnet101v2', [3, 4, 23, 3], true);
/** As `ResNet50V2`, with 152 layers. */
export const ResNet152V2 = residualNetwork('ResNet152V2', 'resnet152v2', [3, 8, 36, 3], true);
/** Images of numbers from 0 to 255 as these networks take them: from -1 to 1. */
export const preprocessInput = preprocessAs('tf');
