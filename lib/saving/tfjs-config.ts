// Configs of TensorFlow.js's layers in the form of Keras 2, which `legacy-config.ts` reads.
import { isPlainObject } from '../base/tree.js';
import { LEGACY_HARD_SIGMOID } from './legacy-hard-sigmoid.js';

type Config = Record<string, unknown>;

/** TensorFlow.js writes null for what it leaves to the layer. */
const LEFT_OUT = ['implementation', 'unit_forget_bias', 'input_length', 'input_dim'];

/** A topology with Keras's defaults in the place of nulls, and the older `hard_sigmoid` by its own name. */
export function kerasTopology(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(kerasTopology);
  if (!isPlainObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, item]) => !(item === null && LEFT_OUT.includes(key)))
      .map(([key, item]) => [
        key,
        item === 'hard_sigmoid' && /(^|_)activation$/.test(key) ? LEGACY_HARD_SIGMOID : kerasTopology(item),
      ]),
  );
}

/** Options of optimizers by their names in TensorFlow.js. */
const OPTIMIZER_OPTIONS: Readonly<Record<string, string>> = {
  learningRate: 'learning_rate', beta1: 'beta_1', beta2: 'beta_2', initialAccumulatorValue: 'initial_accumulator_value',
  useNesterov: 'nesterov', decay: 'decay',
};
const OPTIMIZERS: Readonly<Record<string, string>> = { RMSProp: 'RMSprop', Momentum: 'SGD' };

function kerasOptimizer(form: unknown): unknown {
  if (!isPlainObject(form) || !isPlainObject(form.config)) return form;
  const { class_name: name } = form as { class_name: string };
  const config = Object.entries(form.config).map(([key, value]) => [key === 'decay' && name === 'RMSProp' ? 'rho' : (OPTIMIZER_OPTIONS[key] ?? key), value]);
  return { class_name: OPTIMIZERS[name] ?? name, config: Object.fromEntries(config) as Config };
}

/** What a training config says, as Keras 2 says it. */
export function kerasTraining(training: Config): Config {
  return { ...training, optimizer_config: kerasOptimizer(training.optimizer_config) };
}
