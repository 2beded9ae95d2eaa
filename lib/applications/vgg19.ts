// `keras.applications.vgg19`.
import { preprocessAs } from './imagenet.js';
import { vgg } from './vgg.js';

export { decodePredictions } from './imagenet.js';

/** As `VGG16`, with 19 layers. */
export const VGG19 = vgg('VGG19', 'vgg19', [2, 2, 4, 4, 4], ['cbe5617147190e668d6c5d5026f83318', '253f8cb515780f3b799900260a226db6']);
/**
 * Images of numbers from 0 to 255 as this network takes them: blue, green, red, less the mean of ImageNet. See
 * `imagenetUtils.preprocessInput`.
 */
export const preprocessInput = preprocessAs('caffe');
