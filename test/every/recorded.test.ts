// Every public class and function has recorded values of real Keras, or stands in a list with the reason why it has none.
import { describe, expect, it } from '@jest/globals';
import * as keras from 'keratin';
import { snakeCase } from '#lib/base/names.js';
import { fixtureNames, readFixture } from '../helpers/fixtures.js';

/** Recordings of configs, shapes, messages and texts, without values. */
const WITHOUT_VALUES = ['attributes', 'configs', 'errors', 'operations', 'policies', 'summaries', 'symbol_shapes'];
const NAMESPACES = [
  'activations', 'constraints', 'distillation', 'initializers', 'layers', 'losses', 'metrics', 'ops', 'optimizers', 'quantizers', 'random', 'regularizers', 'utils',
] as const;

/** What has no values to record, by namespace. */
const EXCEPTIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'lookups': {
    everywhere: 'get serialize deserialize',
  },
  'base classes, which compute nothing themselves': {
    constraints: 'Constraint', distillation: 'DistillationLoss', initializers: 'Initializer', layers: 'Layer InputSpec Wrapper Input Lambda', losses: 'Loss LossFunctionWrapper',
    metrics: 'Metric MeanMetricWrapper', optimizers: 'Optimizer', quantizers: 'Quantizer QuantizationConfig',
    regularizers: 'Regularizer',
  },
  'other numbers by design: test/lib/random and test/every compare distributions': {
    random: 'SeedGenerator beta binomial categorical dropout gamma normal randint shuffle truncatedNormal uniform',
  },
  'take functions: test/lib/ops/control.test.ts and autodiff.test.ts compute the same without them': {
    ops: 'associativeScan cond customGradient foriLoop jvp map scan switch vectorize vectorizedMap whileLoop',
  },
  'apply what is drawn, and layers that are recorded: test/lib/layers/preprocessing/randomness.test.ts': {
    layers: 'RandomColorJitter RandomElasticTransform',
  },
  'read and write files: test/lib/data/readers.test.ts has what Keras reads of the same': {
    utils: 'Picture arrayToImg audioDatasetFromDirectory imageDatasetFromDirectory imgToArray loadImg saveImg textDatasetFromDirectory',
  },
  'are not in the version of Keras that is recorded': {
    ops: 'columnStack gammainc matrixPower', optimizers: 'ScheduleFreeAdamW', quantizers: 'packTernary unpackTernary packInt2 unpackInt2',
  },
  'have signs of their own choice: test/lib/ops/linalg.test.ts puts the matrix together again': {
    ops: 'eig eigh',
  },
  'return no numbers of their own, or those that they were given': {
    ops: 'convertToNumpy dtype empty emptyLike getItem isTensor size', quantizers: 'QuantizationReport', initializers: 'orthogonal',
    layers: 'Pipeline',
    utils: `Config CustomObjectScope Progbar PyDataset Samples Sequence clearSession customObjectScope deserializeKerasObject
      disableInteractiveLogging enableInteractiveLogging getCustomObjects getFile getRegisteredName getRegisteredObject getSourceInputs
      isInteractiveLoggingEnabled isKerasTensor modelToDot packXYSampleWeight plotModel registerKerasSerializable serializeKerasObject
      setRandomSeed splitDataset standardizeDtype timeseriesDatasetFromArray unpackXYSampleWeight`,
  },
};

/** Names of all strings in recordings, with and without the namespace before them: symbols, classes of configs. */
const recorded = new Set<string>();
const collect = (value: unknown): void => {
  if (typeof value === 'string') recorded.add(value.replace(/^keras\./, ''));
  else if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)) {
    const { symbol, class_name: name, module } = value as Record<string, unknown>;
    if (typeof symbol === 'string' && !symbol.includes('.')) recorded.add(`activations.${symbol}`);
    if (typeof name === 'string' && typeof module === 'string') recorded.add(`${module.replace(/^keras\./, '')}.${name}`);
    Object.values(value).forEach(collect);
  }
};
for (const name of fixtureNames('').filter((fixture) => !WITHOUT_VALUES.includes(fixture))) collect(readFixture(name));

const excepted = (namespace: string): string[] =>
  Object.values(EXCEPTIONS).flatMap((lists) => [lists[namespace] ?? '', lists.everywhere ?? '']).join(' ').split(/\s+/).filter(Boolean);

describe.each(NAMESPACES)('keras.%s', (namespace) => {
  const members = Object.entries(keras[namespace]).filter(([, value]) => typeof value === 'function');
  const isRecorded = (name: string) => recorded.has(`${namespace}.${name}`) || recorded.has(`${namespace}.${snakeCase(name)}`);
  /** Functions in the place of classes, `l2` of `L2`, as well as other names of the same. */
  const names = ([name, value]: [string, unknown]) => [
    name,
    ...members.filter(([, other]) => other === value).map(([other]) => other),
    ...members.map(([other]) => other).filter((other) => other.toLowerCase() === name.toLowerCase()),
  ];

  it('has recorded values of all that it exports', () => {
    const missing = members.filter((member) => !names(member).some(isRecorded)).map(([name]) => name);
    const known = excepted(namespace);
    expect(missing.filter((name) => !known.includes(name))).toEqual([]);
  });

  it('excepts only what it exports and what is not recorded', () => {
    const own = Object.values(EXCEPTIONS).flatMap((lists) => (lists[namespace] ?? '').split(/\s+/)).filter(Boolean);
    expect(own.filter((name) => !members.some(([member]) => member === name) || names([name, null]).some(isRecorded))).toEqual([]);
  });
});
