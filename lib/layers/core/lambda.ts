// Lambda: a function as a layer.
import type { AnyClass } from '../../base/class.js';
import type { Config, OptionsOf } from '../../config/configurable.js';
import { field, nullable, usedWhen, withDefault } from '../../config/fields.js';
import { isSerialized } from '../../config/registration.js';
import { refuseInSafeMode } from '../../config/safe-mode.js';
import { deserializeKerasObject, functionOfSource, serializeKerasObject } from '../../config/serialization.js';
import { KerasTensor } from '../../symbolic/keras-tensor.js';
import { isShape, type SymbolicShape } from '../../base/shape.js';
import { Tensor } from '../../core/tensor.js';
import { flatten, isPlainObject, mapStructure } from '../../base/tree.js';
import { type CallOptions, layer } from '../base/layer.js';
import type { LayerOptions } from '../base/options.js';

/** What a `Lambda` computes. Options that it names among its parameters, `training` and `mask`, are given to it. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a tensor, or a structure of them
export type LambdaFunction = (inputs: any, options?: any) => unknown;
/** Shape of the output: a function of the input's shape, or the shape without the batch. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- one shape, or a structure of shapes
export type LambdaOutputShape = ((inputShape: any) => any) | SymbolicShape | readonly SymbolicShape[];
/** The mask of the output: always this one, or a function of the inputs and their mask. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a tensor, or a structure of them
export type LambdaMask = ((inputs: any, mask: any) => any) | Tensor;

type AnyFunction = (...args: never[]) => unknown;

/** A function without a name is saved as its source, any other by its name. */
function serializeFunction(fn: AnyFunction): unknown {
  return fn.name === ''
    ? { class_name: '__lambda__', config: { code: String(fn), defaults: null, closure: null, language: 'javascript' } }
    : serializeKerasObject(fn);
}
/** What `serializeFunction` wrote, or the value itself. @throws in safe mode for source. */
function revive(value: unknown, safeMode: boolean | null | undefined): unknown {
  if (!isSerialized(value)) return value;
  if (value.class_name !== '__lambda__') return deserializeKerasObject(value);
  refuseInSafeMode('Lambda', safeMode);
  const { code, language } = value.config as { code?: unknown; language?: unknown };
  return functionOfSource(language === 'javascript' ? code : null);
}

const schema = {
  /** What the layer computes. */
  function: field<LambdaFunction>('a function', (v) => (typeof v === 'function' ? (v as LambdaFunction) : undefined), {
    serialize: serializeFunction as (fn: LambdaFunction) => unknown,
  }),
  /** Shape of the output, where it is not to be found by running the function on symbols. */
  outputShape: nullable(
    field<LambdaOutputShape>('a shape without the batch, or a function of the input shape', (v) =>
      typeof v === 'function' || Array.isArray(v) ? (v as LambdaOutputShape) : undefined,
    ),
  ),
  /** Mask of the output. Default null: the layer supports no masking. */
  mask: usedWhen(
    'made',
    nullable(
      field<LambdaMask>('a mask or a function', (v) => (typeof v === 'function' || v instanceof Tensor ? (v as LambdaMask) : undefined)),
    ),
  ),
  /** Further options for the function. */
  arguments: withDefault(
    field<Record<string, unknown>>('an object', (v) => (isPlainObject(v) ? v : undefined), { serialize: serializeKerasObject }),
    {},
  ),
} as const;

/** Options of `Lambda`. */
export type LambdaOptions = Omit<OptionsOf<typeof schema>, 'function'> & LayerOptions;

/** Whether a function names an option among its parameters. */
function expects(fn: AnyFunction, option: string): boolean {
  const [header = ''] = Function.prototype.toString.call(fn).split(/=>|\)\s*\{/, 1);
  return new RegExp(`\\b${option}\\b`).test(header);
}

/**
 * A function of tensors as a layer:
 *
 * ```ts
 * model.add(new keras.layers.Lambda((x) => ops.square(x)));
 * ```
 * A function with a name is saved under it, and must be registered (`registerKerasSerializable`) where the model is loaded; one without is
 * saved as its source, which is loaded only with `safeMode: false` or after `config.enableUnsafeDeserialization()`. A layer of your own is
 * the better choice for anything longer.
 */
export class Lambda extends layer('Lambda', schema, ['function']) {
  static readonly callDefaults = { mask: null };
  /** Its function is no plain data: tests of its own. */
  static readonly samples = [];
  override supportsMasking = this.config.mask !== null;

  override takesSamplesApart(): boolean {
    return false;
  }

  override call(inputs: unknown, { mask = null, training = null }: CallOptions = {}): unknown {
    const { function: fn, arguments: own } = this.config;
    const options = { ...own, ...(expects(fn, 'mask') ? { mask } : {}), ...(expects(fn, 'training') ? { training } : {}) };
    return Object.keys(options).length === 0 ? fn(inputs) : fn(inputs, options);
  }

  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- one shape, or a structure of shapes
  override computeOutputShape(inputShape: any): any {
    const { outputShape } = this.config;
    if (outputShape === null) return super.computeOutputShape(inputShape);
    if (typeof outputShape === 'function') return outputShape(inputShape) as unknown;
    const [batch] = flatten<number | null>(inputShape).leaves;
    return mapStructure((shape: SymbolicShape) => [batch ?? null, ...shape], outputShape, isShape);
  }
  override computeOutputSpec(...args: unknown[]): unknown {
    if (this.config.outputShape === null) return this.traceSpec(args);
    const shapes = mapStructure((leaf: KerasTensor) => leaf.shape, args[0]);
    return mapStructure((shape: SymbolicShape) => new KerasTensor(shape, this.computeDtype), this.computeOutputShape(shapes), isShape);
  }

  override computeMask(inputs: unknown, previousMask: unknown): unknown {
    const { mask } = this.config;
    return typeof mask === 'function' ? (mask(inputs, previousMask) as unknown) : mask;
  }

  override getConfig(): Config {
    const { function: _, output_shape: __, mask: ___, arguments: own, ...rest } = super.getConfig();
    const { function: fn, outputShape, mask } = this.config;
    const plain = (value: unknown) => (typeof value === 'function' ? serializeFunction(value as AnyFunction) : serializeKerasObject(value));
    return {
      ...rest,
      function: serializeFunction(fn),
      ...(outputShape === null ? {} : { output_shape: plain(outputShape) }),
      ...(mask === null ? {} : { mask: plain(mask) }),
      arguments: own,
    };
  }

  /** Makes a layer from what `getConfig` gave. @throws in safe mode, the default, when the config has the source of a function. */
  static override fromConfig<T>(this: AnyClass<T>, config: Config, { safeMode = null }: { safeMode?: boolean | null } = {}): T {
    const { function: fn, output_shape: outputShape, mask, arguments: own, name, trainable, dtype } = config;
    const options = {
      outputShape: revive(outputShape, safeMode),
      mask: revive(mask, safeMode),
      arguments: deserializeKerasObject(own) ?? undefined,
      name,
      trainable,
      dtype,
    };
    const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
    return new (this as unknown as new (fn: unknown, options: object) => T)(revive(fn, safeMode), given);
  }
}
