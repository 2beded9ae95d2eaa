// How Keras 1 spelled layers and their options.
import { isPlainObject } from '../base/tree.js';

type Config = Record<string, unknown>;

/** Classes under the names that older files have for them. */
export const OLDER_CLASSES: Readonly<Record<string, string>> = {
  Convolution1D: 'Conv1D',
  Convolution2D: 'Conv2D',
  Convolution3D: 'Conv3D',
  AtrousConvolution1D: 'Conv1D',
  AtrousConvolution2D: 'Conv2D',
  SeparableConvolution2D: 'SeparableConv2D',
  Deconvolution2D: 'Conv2DTranspose',
  TimeDistributedDense: 'Dense',
  GroupedQueryAttention: 'GroupQueryAttention',
};

/** Options of all layers that were spelled otherwise. */
const COMMON: Readonly<Record<string, string>> = {
  init: 'kernel_initializer',
  W_regularizer: 'kernel_regularizer',
  b_regularizer: 'bias_regularizer',
  W_constraint: 'kernel_constraint',
  b_constraint: 'bias_constraint',
  bias: 'use_bias',
  nb_filter: 'filters',
  subsample: 'strides',
  subsample_length: 'strides',
  border_mode: 'padding',
  dim_ordering: 'data_format',
  atrous_rate: 'dilation_rate',
  filter_length: 'kernel_size',
  inner_init: 'recurrent_initializer',
  inner_activation: 'recurrent_activation',
  U_regularizer: 'recurrent_regularizer',
  dropout_W: 'dropout',
  dropout_U: 'recurrent_dropout',
  beta_init: 'beta_initializer',
  gamma_init: 'gamma_initializer',
  consume_less: 'implementation',
};
/** Options by class. */
const OF_CLASS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Dense: { output_dim: 'units' },
  LSTM: { output_dim: 'units' },
  GRU: { output_dim: 'units' },
  SimpleRNN: { output_dim: 'units' },
  Dropout: { p: 'rate' },
  SpatialDropout1D: { p: 'rate' },
  SpatialDropout2D: { p: 'rate' },
  SpatialDropout3D: { p: 'rate' },
  GaussianDropout: { p: 'rate' },
  GaussianNoise: { sigma: 'stddev' },
  MaxPooling1D: { pool_length: 'pool_size', stride: 'strides' },
  AveragePooling1D: { pool_length: 'pool_size', stride: 'strides' },
  UpSampling1D: { length: 'size' },
  Embedding: { init: 'embeddings_initializer', W_regularizer: 'embeddings_regularizer', W_constraint: 'embeddings_constraint' },
};
/** Options that say how Keras 1 computed, or what is known otherwise. */
const DROPPED = new Set([
  'input_dim',
  'input_length',
  'create_input_layer',
  'cache_enabled',
  'custom_batch_input_shape',
  'input_dtype',
  'forget_bias_init',
  'nb_row',
  'nb_col',
  'kernel_dim1',
  'kernel_dim2',
  'kernel_dim3',
  'activity_regularizer_',
  'dropout_embeddings',
]);

/** Options that are found in Keras 1 alone. */
const MARKS = [
  'nb_filter',
  'border_mode',
  'dim_ordering',
  'init',
  'W_regularizer',
  'inner_init',
  'pool_length',
  'beta_init',
  'input_dtype',
  'p',
  'bias',
];

/** Names of values that changed. */
const VALUES: Readonly<Record<string, unknown>> = {
  th: 'channels_first',
  tf: 'channels_last',
  uniform: 'random_uniform',
  normal: 'random_normal',
  zero: 'zeros',
  one: 'ones',
};
const renamed = (key: string, value: unknown): unknown => {
  if (key.endsWith('_initializer') || key === 'data_format') return VALUES[value as string] ?? value;
  if (key.endsWith('_regularizer') && isPlainObject(value) && 'name' in value)
    return { class_name: 'L1L2', config: { l1: value.l1 ?? 0, l2: value.l2 ?? 0 } };
  return value;
};

/** The options of a layer under Keras 3's names; those that are so already stay. */
export function modernOptions(className: string, config: Config): Config {
  if (
    !MARKS.some((mark) => mark in config) &&
    !(className in OF_CLASS && Object.keys(OF_CLASS[className]!).some((key) => key in config && key !== 'p'))
  )
    return { ...config };
  const made: Config = {};
  for (const [key, value] of Object.entries(config)) {
    if (DROPPED.has(key) && className !== 'Embedding') continue;
    const name = OF_CLASS[className]?.[key] ?? COMMON[key] ?? key;
    made[name] = renamed(name, value);
  }
  if (config.nb_row !== undefined) made.kernel_size = [config.nb_row, config.nb_col];
  if (config.kernel_dim1 !== undefined) made.kernel_size = [config.kernel_dim1, config.kernel_dim2, config.kernel_dim3];
  if ('forget_bias_init' in config) made.unit_forget_bias = config.forget_bias_init === 'one';
  if (className === 'BatchNormalization') delete made.mode;
  return made;
}
