// `keras.applications.mobilenetV3`.
import { preprocessAs } from './imagenet.js';

export { decodePredictions } from './imagenet.js';

/** Images of numbers from 0 to 255 as these networks take them: as they are. With `includePreprocessing` the network scales them. */
export const preprocessInput = preprocessAs(null);
