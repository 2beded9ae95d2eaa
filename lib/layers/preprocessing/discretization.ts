// Discretization: the numbers of the bins that values fall into.
import type { Config, OptionsOf } from '../../config/configurable.js';
import { field, float, int, nullable, oneOf, withDefault } from '../../config/fields.js';
import { camelKeys } from '../../base/names.js';
import { toTensor, type TensorLike } from '../../core/convert.js';
import type { DType } from '../../base/dtype.js';
import { settings } from '../../base/settings.js';
import type { Tensor } from '../../core/tensor.js';
import { computeOutputSpec } from '../../symbolic/keras-tensor.js';
import * as ops from '../../ops/index.js';
import { layer } from '../base/layer.js';
import type { LayerOptions } from '../base/options.js';
import { type AdaptData, type AdaptOptions, numericBatches } from './adapt-data.js';
import { encodeCategories } from './categories.js';
import { denseOnly } from './dense-only.js';
import { boundariesOf, EMPTY_SUMMARY, mergeSummaries, summarize, type Summary } from './quantiles.js';

const boundaries = field<readonly number[]>('an array of numbers in ascending order', (v) => {
  const numbers: unknown = ArrayBuffer.isView(v) ? Array.from(v as Float32Array) : v;
  return Array.isArray(numbers) && numbers.every((n, i) => typeof n === 'number' && !(i > 0 && n < numbers[i - 1]))
    ? (numbers as number[])
    : undefined;
});
const schema = {
  /** Where a bin ends and the next begins: `[0, 1]` makes the bins below 0, from 0 to below 1, and from 1 on. Else give `numBins`. */
  binBoundaries: nullable(boundaries),
  /** How many bins `adapt` makes, of about as many values each. Else give `binBoundaries`. */
  numBins: nullable(int({ min: 0 })),
  /** How exactly `adapt` finds quantiles: from about `1 / epsilon` values. Default 0.01. */
  epsilon: withDefault(float({ above: 0 }), 0.01),
  /** `'int'`: the number of each bin, int32; `'one_hot'`: a row for each value; `'multi_hot'`, `'count'`: a row for each sample. */
  outputMode: withDefault(oneOf('int', 'one_hot', 'multi_hot', 'count'), 'int'),
  /** Tensors here are dense: only false. */
  sparse: denseOnly(),
} as const;

/** Options of `Discretization`. */
export type DiscretizationOptions = OptionsOf<typeof schema> & LayerOptions;

/**
 * Puts values into bins. The numbers of the bins have the shape of the inputs; rows of ones or counts are as those of `CategoryEncoding`.
 *
 * ```ts
 * const bins = new keras.layers.Discretization({ binBoundaries: [0, 1, 2] });
 * bins([[-1.5, 1, 3.4, 0.5]]).tolist(); // [[0, 2, 3, 1]]
 *
 * const learned = new keras.layers.Discretization({ numBins: 4 });
 * await learned.adapt([[-1.5, 1, 3.4, 0.5], [0, 3, 1.3, 0]]);
 * learned.binBoundaries; // [0, 0.5, 1.3]
 * ```
 * @throws unless one of `binBoundaries` and `numBins` is given, and when it is called with `numBins` before `adapt`.
 */
export class Discretization extends layer('Discretization', schema) {
  static readonly samples = [
    { args: [{ binBoundaries: [-1, 0, 0.5] }], inputs: [[2, 3]] },
    { args: [{ binBoundaries: [0], outputMode: 'one_hot' }], inputs: [[2, 3]] },
    { args: [{ binBoundaries: [-1, 1], outputMode: 'count' }], inputs: [[2, 3, 2]] },
  ];
  #summary: Summary = EMPTY_SUMMARY;

  constructor(options: DiscretizationOptions = {}) {
    super(options);
    const { binBoundaries, numBins } = this.config;
    if (binBoundaries === null && numBins === null) throw new TypeError(`${this.label}: one of binBoundaries and numBins is needed`);
    if (binBoundaries !== null && numBins !== null)
      throw new TypeError(`${this.label}: give binBoundaries or numBins, not both; received numBins ${numBins} with binBoundaries`);
  }

  /** What the layer reads: `floatx`. */
  get inputDtype(): DType {
    return settings.floatx;
  }
  /** int32 for `outputMode: 'int'`, and else the compute dtype. */
  get outputDtype(): DType {
    return this.config.outputMode === 'int' ? 'int32' : this.computeDtype;
  }

  /** Forgets what `updateState` has seen. */
  resetState(): void {
    this.#summary = EMPTY_SUMMARY;
  }
  private checkAdaptable(): number {
    const { numBins } = this.config;
    if (numBins === null) throw new Error(`${this.label}: was made with binBoundaries, so that it cannot be adapted; give numBins instead`);
    if (numBins === 0) throw new RangeError(`${this.label}: numBins must be at least 1 to adapt`);
    return numBins;
  }
  /** Takes a batch of numbers into account. */
  updateState(data: TensorLike): void {
    this.checkAdaptable();
    this.#summary = this.with(this.#summary, toTensor(data, null, `${this.label}: updateState`));
  }
  private with(summary: Summary, batch: Tensor): Summary {
    const { epsilon } = this.config;
    return mergeSummaries(summarize(batch, epsilon), summary, epsilon);
  }
  /** Makes the boundaries from what `updateState` has seen. */
  finalizeState(): void {
    if (this.config.numBins === null) return;
    this.binBoundaries = boundariesOf(this.#summary, this.checkAdaptable());
  }

  /**
   * Learns the boundaries from numbers: an array or a tensor, or an iterable of batches, of which `steps` are read. What was learned before
   * is forgotten.
   * @throws (rejects) for a layer with given boundaries and for data without numbers; the layer is then as before.
   */
  async adapt(data: AdaptData, options: AdaptOptions = {}): Promise<void> {
    this.checkAdaptable();
    let summary = EMPTY_SUMMARY;
    for await (const batch of numericBatches(data, `${this.label}: adapt`, options)) summary = this.with(summary, batch);
    this.#summary = summary;
    this.finalizeState();
  }

  override computeOutputSpec(...args: unknown[]): unknown {
    if (this.config.binBoundaries !== null) return super.computeOutputSpec(...args);
    // Before `adapt` there are as many bins as are asked for.
    const standIn = new Array<number>(Math.max(0, this.config.numBins! - 1)).fill(0);
    return computeOutputSpec(([x]) => this.discretized(x as Tensor, standIn), args.slice(0, 1));
  }
  override call(inputs: Tensor): Tensor {
    const { binBoundaries } = this.config;
    if (binBoundaries === null) throw new Error(`${this.label}: has no boundaries yet; call adapt, or give binBoundaries`);
    return this.discretized(inputs, binBoundaries);
  }
  private discretized(inputs: Tensor, binBoundaries: readonly number[]): Tensor {
    const { outputMode } = this.config;
    // As TensorFlow, in float32 whatever the dtype.
    const bins = ops.digitize(ops.cast(inputs, 'float32'), toTensor(Float32Array.from(binBoundaries)));
    return outputMode === 'int' ? bins : encodeCategories(bins, outputMode, binBoundaries.length + 1, this.outputDtype);
  }

  /** Keras saves a dtype's name, and no more options of all layers than the name. */
  override getConfig(): Config {
    const { trainable: _, dtype: __, name, ...own } = super.getConfig();
    return { ...own, name, dtype: this.variableDtype };
  }
  /** Makes a layer from what `getConfig` gave, that of an adapted layer too. */
  static override fromConfig<T>(this: new (...args: never[]) => T, config: Config): T {
    const { num_bins: numBins = null, bin_boundaries: learned = null, ...rest } = config;
    const isAdapted = numBins !== null && learned !== null;
    const options = { ...rest, num_bins: numBins, ...(isAdapted ? {} : { bin_boundaries: learned }) };
    const made = new this(...([camelKeys(options)] as never[]));
    if (isAdapted) (made as Discretization).binBoundaries = learned as number[];
    return made;
  }
  /** The layer has no variables; older files have its summary. */
  override loadOwnVariables(store: Readonly<Record<string, TensorLike>>): void {
    if (!('0' in store)) return;
    const [values, weights] = toTensor(store[0], 'float32').tolist() as [number[], number[]];
    this.#summary = { values: Float32Array.from(values), weights: Float32Array.from(weights) };
  }
}
