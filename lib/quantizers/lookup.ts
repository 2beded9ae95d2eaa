// Quantizers and quantization configs by name and in configs.
import type { DeserializeOptions } from '../config/family.js';
import type { AbstractClass } from '../base/class.js';
import { type Config } from '../config/configurable.js';
import { getRegisteredObject, isSerialized, provideModule, type SerializedObject } from '../config/registration.js';
import { serializeKerasObject } from '../config/serialization.js';
import { didYouMean, show } from '../base/errors.js';
import { camelKeys, toSnakeCase } from '../base/names.js';
import { AbsMaxQuantizer } from './abs-max.js';
import {
  Float8QuantizationConfig,
  Int4QuantizationConfig,
  Int8QuantizationConfig,
  QuantizationConfig,
  TernaryQuantizationConfig,
} from './quantization-config.js';
import { Quantizer } from './quantizer.js';

type Class = new (options?: object) => Quantizer | QuantizationConfig;
const CLASSES: Readonly<Record<string, unknown>> = {
  Quantizer,
  AbsMaxQuantizer,
  QuantizationConfig,
  Int8QuantizationConfig,
  Int4QuantizationConfig,
  Float8QuantizationConfig,
  TernaryQuantizationConfig,
};
const byName = new Map<string, unknown>(
  Object.entries(CLASSES).flatMap(
    ([name, Class]) =>
      [
        [name, Class],
        [toSnakeCase(name), Class],
      ] as const,
  ),
);
provideModule('keras.quantizers', { find: (name) => byName.get(name), names: () => byName.keys() });

const find = (name: string, custom: Readonly<Record<string, unknown>> = {}): Class => {
  const found = getRegisteredObject(name, custom) ?? byName.get(name);
  if (typeof found !== 'function') throw new TypeError(`quantizers: unknown quantizer ${show(name)}${didYouMean(name, byName.keys())}`);
  return found as Class;
};

/** The config of a quantizer or of a quantization config. */
export const serialize = (quantizer: Quantizer | QuantizationConfig): SerializedObject =>
  serializeKerasObject(quantizer) as SerializedObject;
/** What `serialize` gave this for. @throws for unknown classes. */
export function deserialize(config: SerializedObject, { customObjects }: DeserializeOptions = {}): Quantizer | QuantizationConfig {
  if (!isSerialized(config)) throw new TypeError(`quantizers: expected a config { class_name, config }, received ${show(config)}`);
  const Found = find(config.registered_name ?? config.class_name, customObjects ?? {});
  return (Found as unknown as { fromConfig(config: Config): Quantizer | QuantizationConfig }).fromConfig({ ...(config.config as Config) });
}
/** Whether a value is `Base` or a class that extends it. */
const extendsClass = (value: unknown, Base: AbstractClass): boolean =>
  value === Base || (typeof value === 'function' && (value.prototype as unknown) instanceof Base);
const isQuantizerClass = (value: unknown): value is Class => extendsClass(value, Quantizer) || extendsClass(value, QuantizationConfig);

/**
 * The quantizer of a name (`'abs_max_quantizer'`), a class, a config or an instance; null stays null. `options` go to the class of a name.
 * @throws for unknown names, with the nearest one, and for anything else.
 */
export function get(
  identifier: string | Quantizer | QuantizationConfig | SerializedObject | Class | null | undefined,
  options: object = {},
): Quantizer | QuantizationConfig | null {
  if (identifier === null || identifier === undefined) return null;
  if (identifier instanceof Quantizer || identifier instanceof QuantizationConfig) return identifier;
  if (isSerialized(identifier)) return deserialize(identifier);
  const own = camelKeys(options as Record<string, unknown>);
  if (typeof identifier === 'string') return new (find(identifier))(own);
  if (isQuantizerClass(identifier)) return new identifier(own);
  throw new TypeError(`quantizers: expected the name of a quantizer, a config, a class or an instance, received ${show(identifier)}`);
}
