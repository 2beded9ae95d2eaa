// `keras.utils`.
export * as boundingBoxes from '../layers/preprocessing/bounding-boxes/index.js';
export {
  CustomObjectScope,
  customObjectScope,
  getCustomObjects,
  getRegisteredName,
  getRegisteredObject,
  registerKerasSerializable,
} from '../config/registration.js';
export { disableInteractiveLogging, enableInteractiveLogging, isInteractiveLoggingEnabled } from '../config/logging.js';
export { deserializeKerasObject, serializeKerasObject } from '../config/serialization.js';
export { standardizeDType as standardizeDtype } from '../base/dtype.js';
export type { ArchiveFormat } from './archive.js';
export { packXYSampleWeight, type PackOptions, unpackXYSampleWeight } from './batches.js';
export { normalize, type NormalizeOptions, toCategorical, type ToCategoricalOptions } from './categorical.js';
export { Config } from './config.js';
export { type CrossLike, type FeatureInput, type FeatureLike, FeatureSpace, type FeatureSpaceOptions } from './feature-space.js';
export type { Cross, Feature, FeatureOutputMode } from './features.js';
export type { FeatureKind } from './feature-kinds.js';
export { getFile, type GetFileOptions } from './get-file.js';
export { getSourceInputs } from './get-source-inputs.js';
export { type GraphOptions, modelToDot, type ModelToDotOptions } from './model-to-dot.js';
export { padSequences, type PadSequencesOptions, type SequenceEnd } from './pad-sequences.js';
export { plotModel, type PlotModelOptions } from './plot-model.js';
export { Progbar, type ProgbarOptions, type ProgbarUpdateOptions, type ProgbarValue } from './progbar.js';
export { PyDataset, PyDataset as Sequence, type PyDatasetOptions } from './py-dataset.js';
export { clearSession, type ClearSessionOptions, setRandomSeed } from './session.js';
export { type SampleOf, Samples, splitDataset, type SplitOptions } from './split-dataset.js';
export { timeseriesDatasetFromArray, type TimeseriesOptions } from './timeseries.js';
export { isKerasTensor } from './is-keras-tensor.js';
export {
  arrayToImg,
  type ArrayToImgOptions,
  audioDatasetFromDirectory,
  type AudioDirectoryOptions,
  type ColorMode,
  imageDatasetFromDirectory,
  type ImageDirectoryOptions,
  imgToArray,
  loadImg,
  type LoadImgOptions,
  Picture,
  type PictureArrayOptions,
  type PictureInterpolation,
  type PictureMode,
  saveImg,
  type SaveImgOptions,
  textDatasetFromDirectory,
  type TextDirectoryOptions,
} from '../data/readers.js';
