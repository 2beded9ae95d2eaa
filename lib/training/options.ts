// Options of compile, fit, evaluate, predict and the on-batch calls: their types, and their names, which are checked against the types.
import type { Callbacks } from '../callbacks/callback-list.js';
import type * as optimizers from '../optimizers/index.js';
import type { LossSpec, LossWeights, MetricsSpec } from './compile-loss.js';
import type { BatchStream, ClassWeight, Data } from './data.js';

/** Options of `compile`. */
export interface CompileOptions {
  /** Name, config or instance. Default `'rmsprop'`. */
  optimizer?: optimizers.OptimizerLike;
  /** Name, instance or function `(yTrue, yPred) => values`; one for each output in an array or object. */
  loss?: LossSpec | null;
  /** Factors of the losses of several outputs, in an array or object. Default: all 1. */
  lossWeights?: LossWeights | null;
  /** Metrics that do not see sample weights. `'accuracy'` picks the binary, categorical or sparse one by the shapes. */
  metrics?: MetricsSpec | null;
  /** Metrics that see sample and class weights. */
  weightedMetrics?: MetricsSpec | null;
  /** Run steps op by op instead of compiling them; for debugging. Default false. */
  runEagerly?: boolean;
  /** Batches between calls of batch callbacks, which run in one native call. Default 1. */
  stepsPerExecution?: number;
  /** Kept for Keras's sake: steps are always compiled, unless `runEagerly`. */
  jitCompile?: boolean | 'auto';
  /** Whether a model with the policy `mixed_float16` gets a `LossScaleOptimizer` around its optimizer. Default true. */
  autoScaleLoss?: boolean;
}

/** How the rows of an epoch are visited. */
export type Shuffle = boolean | 'batch';

/** Options that `fit`, `evaluate` and `predict` share. */
export interface RunOptions {
  /** Rows in a batch. Default 32, or what a given number of steps needs to see all rows; not for data sets, which give batches. */
  batchSize?: number | null;
  /** 0: silent; 1: progress bar; 2: one line an epoch; `'auto'` (default): a bar on a terminal, lines elsewhere. */
  verbose?: 'auto' | 0 | 1 | 2;
  /** Called in order; nested arrays are flattened. A `CallbackList` is taken as it is. */
  callbacks?: Callbacks | null;
  /** Stops the run between steps; the promise is then rejected with the signal's reason. */
  signal?: AbortSignal | null;
}
/** Options of `fit`. */
export interface FitOptions extends RunOptions {
  /** Passes over the data. Default 1. */
  epochs?: number;
  /** Number of the first epoch. Default 0. */
  initialEpoch?: number;
  /** Fraction of the rows, from the end, to validate on. Default 0. */
  validationSplit?: number;
  /** `[x, y]`, `[x, y, sampleWeight]` or a data set. */
  validationData?: readonly [Data, Data] | readonly [Data, Data, Data | null] | BatchStream | null;
  /** Batches to validate on. Default: all. */
  validationSteps?: number | null;
  /** Rows in a batch of validation. Default: `batchSize`. */
  validationBatchSize?: number | null;
  /** Validate every so many epochs, or after those listed (counted from 1). Default 1. */
  validationFreq?: number | readonly number[];
  /** Visit rows in random order, or whole batches in random order (`'batch'`). Default true. Data sets keep their own order. */
  shuffle?: Shuffle;
  /** Weights of the classes, by number, for training; validation counts all alike. */
  classWeight?: ClassWeight | null;
  /** Weights of the samples. */
  sampleWeight?: Data | null;
  /** Batches in an epoch. Default: all. */
  stepsPerEpoch?: number | null;
}
/** Options of `evaluate`. */
export interface EvaluateOptions extends RunOptions {
  /** Weights of the samples. */
  sampleWeight?: Data | null;
  /** Batches. Default: all. */
  steps?: number | null;
  /** Give an object of values by name instead of an array. Default false. */
  returnDict?: boolean;
}
/** Options of `predict`. */
export interface PredictOptions extends RunOptions {
  /** Batches. Default: all. */
  steps?: number | null;
}
/** Options of `trainOnBatch` and `testOnBatch`. */
export interface OnBatchOptions {
  /** Weights of the samples. */
  sampleWeight?: Data | null;
  /** Weights of the classes, by number; for `trainOnBatch`. */
  classWeight?: ClassWeight | null;
  /** Give an object of values by name instead of an array. Default false. */
  returnDict?: boolean;
}

/** Data of one batch as steps get it: `[x, y, sampleWeight]`; y and sampleWeight may be null. */
export type StepData = readonly [x: unknown, y?: unknown, sampleWeight?: unknown];

/** Targets of `fit`: no options, which come after them. */
export type Targets = Data & { readonly [K in keyof FitOptions]?: never };

/** The names of an options type as an array: each of them once, none missing. */
const namesOf = <T extends object>(names: { readonly [K in keyof Required<T>]: true }): readonly string[] => Object.keys(names);

const RUN = { batchSize: true, verbose: true, callbacks: true, signal: true } as const;
/** Names of the options of each call. */
export const OPTIONS = {
  compile: namesOf<CompileOptions>({
    optimizer: true, loss: true, lossWeights: true, metrics: true, weightedMetrics: true, runEagerly: true, stepsPerExecution: true,
    jitCompile: true, autoScaleLoss: true,
  }),
  fit: namesOf<FitOptions>({
    ...RUN, epochs: true, initialEpoch: true, validationSplit: true, validationData: true, validationSteps: true, validationBatchSize: true,
    validationFreq: true, shuffle: true, classWeight: true, sampleWeight: true, stepsPerEpoch: true,
  }),
  evaluate: namesOf<EvaluateOptions>({ ...RUN, sampleWeight: true, steps: true, returnDict: true }),
  predict: namesOf<PredictOptions>({ ...RUN, steps: true }),
  onBatch: namesOf<OnBatchOptions>({ sampleWeight: true, classWeight: true, returnDict: true }),
} as const;
