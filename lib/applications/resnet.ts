// `keras.applications.resnet`.
import { preprocessAs } from './imagenet.js';
import { residualNetwork } from './residual-network.js';

export { decodePredictions } from './imagenet.js';

/**
 * ResNet (He et al., 2015) with 50 layers that have weights. Images of `(224, 224, 3)`, or others from 32 rows and columns on, become
 * probabilities of 1000 classes.
 *
 * ```ts
 * const model = keras.applications.ResNet50({ weights: null, classes: 10 });
 * ```
 * @throws for images that are too small, and with `includeTop` for sizes that are not known; rejects when trained weights can neither be
 * found nor fetched.
 */
export const ResNet50 = residualNetwork('ResNet50', [3, 4, 6, 3], false, [
  '2cb95161c43110f7111970584f804107',
  '4d473c1dd8becc155b73f8504c6f6626',
]);
/** As `ResNet50`, with 101 layers. */
export const ResNet101 = residualNetwork('ResNet101', [3, 4, 23, 3], false, [
  'f1aeb4b969a6efcfb50fad2f0c20cfc5',
  '88cf7a10940856eca736dc7b7e228a21',
]);
/** As `ResNet50`, with 152 layers. */
export const ResNet152 = residualNetwork('ResNet152', [3, 8, 36, 3], false, [
  '100835be76be38e30d865e96f2aaae62',
  'ee4c566cf9a93f14d82f913c2dc6dd0c',
]);
/**
 * Images of numbers from 0 to 255 as these networks take them: blue, green, red, less the mean of ImageNet. See
 * `imagenetUtils.preprocessInput`.
 */
export const preprocessInput = preprocessAs('caffe');
