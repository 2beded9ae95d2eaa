// `keras.applications.imagenetUtils`.
export {
  decodePredictions,
  type DecodeOptions,
  type ImagenetPreprocessOptions,
  type Prediction,
  preprocessInput,
  type PreprocessMode,
  type PreprocessOptions,
} from './imagenet.js';
