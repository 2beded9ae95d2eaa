// `keras.applications.vgg16`.
import { preprocessAs } from './imagenet.js';
import { vgg } from './vgg.js';

export { decodePredictions } from './imagenet.js';

/**
 * VGG (Simonyan and Zisserman, 2014) with 16 layers that have weights. Images of `(224, 224, 3)`, or others from 32 rows and columns on,
 * become probabilities of 1000 classes.
 *
 * ```ts
 * const model = keras.applications.VGG16({ weights: null, includeTop: false, pooling: 'avg' });
 * ```
 * @throws for images that are too small, and with `includeTop` for sizes that are not known; rejects when trained weights can neither be
 * found nor fetched.
 */
export const VGG16 = vgg('VGG16', 'vgg16', [2, 2, 3, 3, 3], ['64373286793e3c8b2b4e3219cbf3544b', '6d6bbae143d832006294945121d1f1fc']);
/**
 * Images of numbers from 0 to 255 as this network takes them: blue, green, red, less the mean of ImageNet. See
 * `imagenetUtils.preprocessInput`.
 */
export const preprocessInput = preprocessAs('caffe');
