// Windows that slide over a series.
import { type TensorLike, toTensor } from '../core/convert.js';
import { checkOptions, show } from '../base/errors.js';
import type { Tensor } from '../core/tensor.js';
import * as ops from '../ops/index.js';
import { shuffle as shuffled } from '../random/functions.js';
import { SeedGenerator } from '../random/seed-generator.js';

/** Options of `timeseriesDatasetFromArray`. */
export interface TimeseriesOptions {
  /** Steps from the start of one window to that of the next. Default 1. */
  sequenceStride?: number;
  /** Steps from one entry of a window to the next. Default 1. */
  samplingRate?: number;
  /** Windows in a batch, fewer in the last; null gives single windows. Default 128. */
  batchSize?: number | null;
  /** Whether the windows come in random order, another one each time the set is iterated. Default false. */
  shuffle?: boolean;
  /** Seed of that order. Default null: the generator of `utils.setRandomSeed`. */
  seed?: number | null;
  /** The first step that is used. Default null: 0. */
  startIndex?: number | null;
  /** The first step that is no longer used. Default null: all are. */
  endIndex?: number | null;
  /** `'tf'` or `'grain'`, for programs that give it: both give the same iterable here. Default `'tf'`. */
  format?: 'tf' | 'grain';
}
const OPTIONS = ['sequenceStride', 'samplingRate', 'batchSize', 'shuffle', 'seed', 'startIndex', 'endIndex', 'format'] as const;
const WHERE = 'timeseriesDatasetFromArray';

const checkWhole = (name: string, value: unknown, min: number, end = Infinity): void => {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value >= end) {
    throw new RangeError(
      `${WHERE}: ${name} must be an integer >= ${min}${end < Infinity ? ` and < ${end}, the number of steps` : ''}, received ${show(value)}`,
    );
  }
};

function checkTimeseries(steps: number, sequenceLength: number, options: TimeseriesOptions): void {
  checkOptions(WHERE, options, OPTIONS);
  const { sequenceStride = 1, samplingRate = 1, batchSize = 128, startIndex, endIndex, format = 'tf' } = options;
  checkWhole('sequenceLength', sequenceLength, 1);
  checkWhole('sequenceStride', sequenceStride, 1, steps);
  checkWhole('samplingRate', samplingRate, 1, steps);
  if (batchSize !== null) checkWhole('batchSize', batchSize, 1);
  if (startIndex != null) checkWhole('startIndex', startIndex, 0, steps);
  if (endIndex != null) checkWhole('endIndex', endIndex, (startIndex ?? 0) + 1, steps);
  if (format !== 'tf' && format !== 'grain') throw new TypeError(`${WHERE}: format must be 'tf' or 'grain', received ${show(format)}`);
}

/** The steps at which windows start, counted from `startIndex`. */
function startsOf(
  steps: number,
  targets: Tensor | null,
  sequenceLength: number,
  { sequenceStride = 1, samplingRate = 1, startIndex, endIndex }: TimeseriesOptions,
): number[] {
  const first = startIndex ?? 0;
  const windows = (endIndex ?? steps) - first - (sequenceLength - 1) * samplingRate;
  const count = targets === null ? windows : Math.min(windows, targets.shape[0]!);
  const starts = Array.from({ length: Math.max(0, Math.ceil(count / sequenceStride)) }, (_, i) => i * sequenceStride);
  if (targets !== null && starts.length > 0 && starts.at(-1)! + first >= targets.shape[0]!) {
    throw new RangeError(
      `${WHERE}: expected a target for each of the steps ${first} to ${starts.at(-1)! + first} where windows start, received ` +
        `${targets.shape[0]} targets`,
    );
  }
  return starts;
}

/**
 * Windows of `sequenceLength` entries along the first axis of `data`, as a data set for `fit`: batches `[windows, targets]`, or windows
 * alone when `targets` is null. `targets[i]` belongs to the window that starts at step i. Entries that would complete no window are left
 * out.
 *
 * ```ts
 * const past = keras.utils.timeseriesDatasetFromArray(series.slice([0], [90]), series.slice([10], [90]), 10); // the next value from ten
 * ```
 * @throws when an option is out of range.
 */
export function timeseriesDatasetFromArray(
  data: TensorLike,
  targets: TensorLike | null,
  sequenceLength: number,
  options: TimeseriesOptions = {},
): Iterable<Tensor | [Tensor, Tensor]> {
  const series = toTensor(data, null, WHERE);
  const goals = targets === null ? null : toTensor(targets, null, WHERE);
  if (series.ndim === 0 || goals?.ndim === 0) throw new RangeError(`${WHERE}: data and targets must have an axis of steps`);
  checkTimeseries(series.shape[0]!, sequenceLength, options);
  const { samplingRate = 1, batchSize = 128, shuffle = false, seed = null } = options;
  const first = options.startIndex ?? 0;
  const starts = startsOf(series.shape[0]!, goals, sequenceLength, options);
  const generator = new SeedGenerator({ seed });
  const take = (part: readonly number[]): Tensor | [Tensor, Tensor] => {
    const rows = Int32Array.from(part, (start) => start + first);
    const entries = Int32Array.from(
      { length: rows.length * sequenceLength },
      (_, i) => rows[Math.floor(i / sequenceLength)]! + (i % sequenceLength) * samplingRate,
    );
    const shape = batchSize === null ? [sequenceLength] : [rows.length, sequenceLength];
    const windows = ops.take(series, ops.reshape(toTensor(entries, 'int32'), shape), { axis: 0 });
    if (goals === null) return windows;
    return [windows, ops.take(goals, ops.reshape(toTensor(rows, 'int32'), batchSize === null ? [] : [rows.length]), { axis: 0 })];
  };
  return {
    *[Symbol.iterator]() {
      const order =
        shuffle && starts.length > 0
          ? [...(shuffled(toTensor(Int32Array.from(starts), 'int32'), { seed: generator }).elements as Int32Array)]
          : starts;
      const size = batchSize ?? 1;
      for (let at = 0; at < order.length; at += size) yield take(order.slice(at, at + size));
    },
  };
}
