// Configs of Keras 1 and 2 in the form of Keras 3, so that one reader makes the models.
import { isPlainObject } from '../base/tree.js';
import { OLDER_CLASSES, modernOptions } from './keras1-config.js';

type Config = Record<string, unknown>;
/** An object of a config: a class and its options. */
interface Form {
  class_name: string;
  config: Config;
  [key: string]: unknown;
}

const isForm = (value: unknown): value is Form => isPlainObject(value) && typeof value.class_name === 'string' && 'config' in value;

/** Options that older versions wrote and no layer takes any more, where they had these values (null: any value). */
const DROPPED: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  InputLayer: { ragged: null, type_spec: null },
  DepthwiseConv2D: { groups: 1, filters: null, kernel_initializer: null, kernel_regularizer: null, kernel_constraint: null },
  Conv2DTranspose: { groups: 1 },
  Conv1DTranspose: { groups: 1 },
  Conv3DTranspose: { groups: 1 },
  SeparableConv2D: { groups: 1, kernel_initializer: null, kernel_regularizer: null, kernel_constraint: null },
  SeparableConv1D: { groups: 1, kernel_initializer: null, kernel_regularizer: null, kernel_constraint: null },
  BatchNormalization: { fused: null, renorm: false, virtual_batch_size: null, adjustment: null, mode: 0 },
  // What these layers compute by, and sequences whose first axis is time: nothing here has them.
  ...Object.fromEntries(['LSTM', 'GRU'].map((name) => [name, { time_major: false }])),
  ...Object.fromEntries(
    ['RNN', 'SimpleRNN', 'ConvLSTM1D', 'ConvLSTM2D', 'ConvLSTM3D'].map((name) => [name, { time_major: false, implementation: null }]),
  ),
  Lambda: { module: null, function_type: null, output_shape_type: null, output_shape_module: null },
};

function withoutDropped(className: string, config: Config): Config {
  const dropped = DROPPED[className] ?? {};
  return Object.fromEntries(
    Object.entries(config).filter(([key, value]) => !(key in dropped && (dropped[key] === null || dropped[key] === value))),
  );
}

/** Options that changed their form. */
function modernLayerConfig(className: string, config: Config): Config {
  const made = withoutDropped(className, modernOptions(className, config));
  if (className === 'InputLayer' && 'batch_input_shape' in made) {
    made.batch_shape = made.batch_input_shape;
    delete made.batch_input_shape;
  }
  if (Array.isArray(made.axis) && made.axis.length === 1) [made.axis] = made.axis as unknown[];
  if (className === 'Lambda' && Array.isArray(made.function)) {
    const [code, defaults, closure] = made.function as unknown[];
    made.function = { class_name: '__lambda__', config: { code, defaults, closure } };
  }
  return made;
}

const ENDS_OF_INITIALIZERS = /(Initializer|Normal|Uniform|Scaling|Zeros|Ones|Constant|Orthogonal|Identity)$/;

/** A nested value: objects of classes anywhere in it are brought to the new form. */
function modern(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(modern);
  if (!isPlainObject(value)) return value;
  if (value.class_name === '__tuple__' && Array.isArray(value.items)) return value.items.map(modern);
  if (!isForm(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, modern(item)]));
  return modernForm(value);
}

/** `config` of an object of an older version, with new spellings. Objects with a `module` are new already. */
function modernForm(form: Form): unknown {
  if (typeof form.module === 'string') return form;
  const className = OLDER_CLASSES[form.class_name] ?? form.class_name;
  if (className === 'Policy') return { module: 'keras', class_name: 'DTypePolicy', config: form.config, registered_name: null };
  if (className === 'Sequential') return modernSequential(form);
  if (className === 'Functional' || className === 'Model') return modernFunctional(form);
  if (!isPlainObject(form.config)) return { ...form, class_name: className };
  const config = modern(modernLayerConfig(className, form.config)) as Config;
  if (ENDS_OF_INITIALIZERS.test(className)) delete config.dtype;
  return { ...form, class_name: className, config };
}

function modernSequential(form: Form): Form {
  const config: Config = Array.isArray(form.config) ? { name: form.name ?? 'sequential', layers: form.config } : form.config;
  const layers = (config.layers as unknown[] | undefined)?.map(modern);
  return { ...form, config: { ...config, name: config.name ?? 'sequential', layers } };
}

/** One input of a call: the name of a layer, the number of its call and of its output, and the options of this call. */
type OldInput = readonly [name: string, call: number, output: number, options?: Config];
const isOldInput = (value: unknown): value is OldInput =>
  Array.isArray(value) &&
  (value.length === 3 || value.length === 4) &&
  typeof value[0] === 'string' &&
  typeof value[1] === 'number' &&
  typeof value[2] === 'number';

/** A symbol of the new form; its shape and dtype are those of the output that it stands for. */
const symbolAt = ([name, call, output]: OldInput): unknown =>
  ({ class_name: '__keras_tensor__', config: { shape: [], dtype: 'float32', keras_history: [name, call, output] } });

/** Options of a call may hold inputs too. */
const optionValue = (value: unknown): unknown => {
  if (isOldInput(value)) return symbolAt(value);
  if (Array.isArray(value)) return value.map(optionValue);
  return isPlainObject(value) ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, optionValue(item)])) : value;
};

function modernCall(call: unknown): unknown {
  if (isPlainObject(call)) return call;
  const inputs = (isOldInput(call) ? [call] : Array.isArray(call) ? call : Object.values(call as object)).filter(isOldInput);
  const options = inputs.find((input) => input[3] !== undefined)?.[3] ?? {};
  const symbols = inputs.map(symbolAt);
  return { args: [symbols.length === 1 ? symbols[0] : symbols], kwargs: optionValue(options) };
}

/** `value` with the numbers of calls of these layers one less, in `inbound_nodes` or in `output_layers`. */
function countedFromZero(value: unknown, names: ReadonlySet<string>): unknown {
  if (isOldInput(value)) return names.has(value[0]) ? [value[0], value[1] - 1, ...value.slice(2)] : value;
  if (Array.isArray(value)) return value.map((item) => countedFromZero(item, names));
  return isPlainObject(value) && !('keras_history' in value)
    ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, countedFromZero(item, names)]))
    : value;
}

/** Numbers of the calls of layers that a nested list or object refers to, the smallest of each. */
function firstCalls(value: unknown, found = new Map<string, number>()): Map<string, number> {
  if (isOldInput(value)) found.set(value[0], Math.min(found.get(value[0]) ?? Infinity, value[1]));
  else if (Array.isArray(value) || isPlainObject(value)) Object.values(value).forEach((item) => firstCalls(item, found));
  return found;
}

const MODELS = ['Sequential', 'Functional', 'Model'];

/** Models in models begin with a call of their own in Keras 2, which is not saved: the calls that are count from 1. */
function modernFunctional(form: Form): Form {
  const { layers = [], ...config } = form.config as { layers?: Form[] } & Config;
  const first = firstCalls([layers.map((layer) => layer.inbound_nodes), config.output_layers]);
  const shifted = layers.filter(({ class_name: name, ...layer }) => MODELS.includes(name) && (first.get(nameOf(layer)) ?? 0) > 0);
  const names = new Set(shifted.map(nameOf));
  const sequential = new Set(shifted.filter(({ class_name: name }) => name === 'Sequential').map(nameOf));
  const made = layers.map((layer) => ({
    ...(modern(layer) as Form),
    name: nameOf(layer),
    inbound_nodes: ((layer.inbound_nodes ?? []) as unknown[]).map((call) => modernCall(countedFromZero(call, names))),
  }));
  const outputs = countedFromZero(config.output_layers, sequential);
  return { ...form, class_name: 'Functional', config: { trainable: true, ...config, output_layers: outputs, layers: made } };
}
const nameOf = ({ name, config }: { name?: unknown; config?: unknown }): string => String(name ?? (config as Config | undefined)?.name);

/** The config of a model of any version in the form of Keras 3. */
export function modernModelConfig(config: unknown): unknown {
  return modern(config);
}

const OPTIMIZER_OPTIONS_DROPPED = ['decay', 'jit_compile', 'is_legacy_optimizer', 'experimental_aggregate_gradients', 'initial_decay'];

/** The options of `compile` of a training config (`optimizer_config`, `loss`, …). */
export function modernCompileConfig(training: Config): Config {
  const {
    optimizer_config: optimizer,
    loss = null,
    metrics = null,
    weighted_metrics: weighted = null,
    loss_weights: lossWeights = null,
  } = training;
  return {
    optimizer: modernOptimizer(optimizer),
    loss: modern(loss),
    metrics: modern(metrics),
    weighted_metrics: modern(weighted),
    loss_weights: lossWeights,
  };
}

function modernOptimizer(form: unknown): unknown {
  if (!isForm(form) || typeof form.module === 'string') return form;
  const { lr, ...config } = form.config;
  for (const key of OPTIMIZER_OPTIONS_DROPPED) delete config[key];
  if (lr !== undefined) config.learning_rate ??= lr;
  if (config.epsilon === null) delete config.epsilon;
  return {
    ...form,
    module: 'keras.optimizers',
    class_name: form.class_name.replace(/^Custom>/, ''),
    config: modern(config),
    registered_name: null,
  };
}
