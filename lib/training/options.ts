// Names of the options of compile and fit.

/** Those of `compile`. */
export const COMPILE_OPTIONS = ['optimizer', 'loss', 'lossWeights', 'metrics', 'weightedMetrics', 'runEagerly', 'stepsPerExecution', 'jitCompile', 'autoScaleLoss'] as const;
/** Those of every run over data. */
export const RUN_OPTIONS = ['batchSize', 'verbose', 'callbacks', 'signal'] as const;
/** Those of `fit`. */
export const FIT_OPTIONS = [
  ...RUN_OPTIONS, 'epochs', 'initialEpoch', 'validationSplit', 'validationData', 'validationSteps', 'validationBatchSize', 'validationFreq', 'shuffle', 'classWeight', 'sampleWeight', 'stepsPerEpoch',
] as const;
