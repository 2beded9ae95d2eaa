// The suite of calls: every public function and class of the package with arguments made from its types and then spoiled.
import { describe, Values } from './values.mjs';

/** Not called: what reads files or the network, is large, loops as long as its arguments say, or changes settings of the whole process. */
const LEFT_OUT = [
  /^datasets\./,
  /^applications\./,
  /^saving\./,
  /^config\.(set|enable|disable)/,
  /^mixedPrecision\.set/,
  /^backend\.set/,
  /^utils\.(getFile|clearSession|setRandomSeed|Progbar)$/,
  /^callbacks\.(CSVLogger|RemoteMonitor|BackupAndRestore|ModelCheckpoint|TensorBoard)$/,
  /(^|\.)(whileLoop|foriLoop|scan)$/,
  /^models\.(load|save)Model$/,
  /^device$/,
  /^preprocessing\.image/,
];

/** How many calls are left as they are: the others have hostile arguments. */
const PLAUSIBLE = 5;

const at = (object, path) => path.reduce((value, key) => value?.[key], object);
const copied = (value) =>
  Array.isArray(value)
    ? value.map(copied)
    : value !== null && typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype
      ? Object.fromEntries(Object.entries(value).map(([k, v]) => [k, copied(v)]))
      : value;

/** Prepares the suite: a function that makes the call of a random generator, with its text. `only` is a part of names. */
export function prepare({ keras, signatures, only = '' }) {
  const targets = signatures.map((signature) => ({ ...signature, name: signature.path.join('.'), value: at(keras, signature.path) }))
    .filter(({ name, value }) => typeof value === 'function' && name.includes(only) && !LEFT_OUT.some((pattern) => pattern.test(name)));
  if (targets.length === 0) throw new Error(`no public name has '${only}' in it`);
  return (random) => {
    const target = random.pick(targets);
    const values = new Values(random, keras);
    const spoils = !random.once(PLAUSIBLE);
    return target.kind === 'class' ? construction(keras, target, values, spoils) : call(target, values, spoils);
  };
}

function argumentsOf({ parameters }, values) {
  const { random } = values;
  const args = [];
  for (const { name, rest, type } of parameters) {
    if (rest) {
      const inner = type.array ?? type;
      args.push(...random.list(random.int(0, 3), () => values.plausible(inner, name)));
    } else args.push(values.plausible(type, name));
  }
  while (args.length > 0 && args.at(-1) === undefined) args.pop();
  return args;
}

function call(target, values, spoils) {
  const args = argumentsOf(target, values);
  const given = spoils ? values.spoiled(args) : args;
  return { text: () => `keras.${target.name}(${given.map(describe).join(', ')})`, run: () => target.value(...given) };
}

function construction(keras, target, values, spoils) {
  const { random } = values;
  const { value: Class } = target;
  const samples = (Class.samples ?? []).filter((one) => Array.isArray(one.inputs));
  const sample = samples.length > 0 && !random.once(4) ? random.pick(samples) : null;
  const args = sample === null ? argumentsOf(target, values) : copied(sample.args);
  // Options in the place of those of the sample, and the inputs, are spoiled too.
  if (sample !== null && random.once(2)) addOption(args, target, values);
  const spoilsArguments = spoils && random.once(2);
  const given = spoilsArguments ? values.spoiled(args) : args;
  const inputs = inputsOf(sample, values);
  const spoilt = spoils && !spoilsArguments ? values.spoiled(inputs) : inputs;
  return {
    text: () => `new keras.${target.name}(${given.map(describe).join(', ')}), then ${spoilt.map(describe).join(', ')}`,
    run: () => exercise(keras, new Class(...given), spoilt),
  };
}

function addOption(args, { parameters }, values) {
  const type = parameters.at(-1)?.type;
  const fields = (type?.union ?? [type]).find((t) => t?.object !== undefined)?.object;
  if (fields === undefined) return;
  const name = values.random.pick(Object.keys(fields));
  const last = args.at(-1);
  const isOptions = last !== null && typeof last === 'object' && Object.getPrototypeOf(last) === Object.prototype;
  if (!isOptions) args.push({});
  args.at(-1)[name] = values.plausible(fields[name], name);
}

function inputsOf(sample, values) {
  if (sample === null) return values.random.list(values.random.pick([1, 1, 2]), () => values.tensor());
  return sample.inputs
    .map((shape) => values.tensor(shape, sample.below === undefined ? 'float32' : 'int32'))
    .map((x) => (sample.below === undefined ? x : values.keras.ops.mod(x, sample.below)));
}

/** Uses an object as its family is used. */
function exercise(keras, object, inputs) {
  const [x, y = x] = inputs;
  const family = (name) => keras[name] !== undefined && object instanceof keras[name];
  if (family('Layer')) return [object(inputs.length === 1 ? x : inputs), object.weights];
  if (family('Loss')) return object(x, y);
  if (family('Metric')) {
    object.updateState(x, y);
    return object.result();
  }
  if (family('Initializer')) return object(x?.shape ?? x);
  if (family('Regularizer') || typeof object === 'function') return object(x);
  if (family('Optimizer')) {
    const variable = new keras.Variable(keras.ops.ones([2, 3]));
    object.apply([keras.ops.ones([2, 3])], [variable]);
    return variable;
  }
  return typeof object.getConfig === 'function' ? object.getConfig() : null;
}
