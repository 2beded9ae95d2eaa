// `keras.preprocessing`: older names of `keras.utils`.
export * as image from './image.js';
export * as sequence from './sequence.js';
export { timeseriesDatasetFromArray, type TimeseriesOptions } from '../utils/timeseries.js';
export {
  imageDatasetFromDirectory,
  type ImageDirectoryOptions,
  textDatasetFromDirectory,
  type TextDirectoryOptions,
} from '../data/readers.js';
