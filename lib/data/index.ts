// `keras.data`.
export type { DirectoryDataset, DirectoryOptions } from './directory.js';
export {
  type BatchOptions, Dataset, type InterleaveOptions, type MapOptions, type PaddedBatchOptions, type ShuffleOptions, type WindowOptions,
} from './dataset.js';
export type { Batched, Row } from './elements.js';
export type { PaddedShapes, PaddingValues } from './padding.js';
