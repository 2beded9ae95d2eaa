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
 * @throws for images that are too small, and with `includeTop` for sizes that are not known; rejects for trained weights, which this
 * version cannot read yet.
 */
export const ResNet50 = residualNetwork('ResNet50', 'resnet50', [3, 4, 6, 3], false);
/** As `ResNet50`, with 101 layers. */
export const ResNet101 = residualNetwork('ResNet101', 'resnet101', [3, 4, 23, 3], false);
/** As `ResNet50`, with 152 layers. */
export const ResNet152 = residualNetwork('ResNet152', 'resnet152', [3, 8, 36, 3], false);
/**
 * Images of numbers from 0 to 255 as these networks take them: blue, green, red, less the mean of ImageNet. See
 * `imagenetUtils.preprocessInput`.
 */
export const preprocessInput = preprocessAs('caffe');
