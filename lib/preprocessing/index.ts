// `keras.preprocessing`: older names of `keras.utils`.
export * as sequence from './sequence.js';
export { timeseriesDatasetFromArray, type TimeseriesOptions } from '../utils/timeseries.js';
