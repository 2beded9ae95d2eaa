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
export const ResNet50V2 = residualNetwork('ResNet50V2', [3, 4, 6, 3], true, [
  '3ef43a0b657b3be2300d5770ece849e0',
  'fac2f116257151a9d068a22e544a4917',
]);
/** As `ResNet50V2`, with 101 layers. */
export const ResNet101V2 = residualNetwork('ResNet101V2', [3, 4, 23, 3], true, [
  '6343647c601c52e1368623803854d971',
  'c0ed64b8031c3730f411d2eb4eea35b5',
]);
/** As `ResNet50V2`, with 152 layers. */
export const ResNet152V2 = residualNetwork('ResNet152V2', [3, 8, 36, 3], true, [
  'a49b44d1979771252814e80f8ec446f9',
  'ed17cf2e0169df9d443503ef94b23b33',
]);
/** Images of numbers from 0 to 255 as these networks take them: from -1 to 1. */
export const preprocessInput = preprocessAs('tf');
