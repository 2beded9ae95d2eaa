// What holds for every class of every family (losses, metrics, initializers, …): configs, names, and errors for unknown options.
import { describe, expect, it } from '@jest/globals';
import type { Config } from '#lib/config/configurable.js';
import type { Field, Schema } from '#lib/config/fields.js';
import { toSnakeCase } from '#lib/base/names.js';

interface Configured {
  getConfig(): Config;
}
interface ConfiguredClass {
  new (...args: unknown[]): Configured;
  readonly schema: Schema;
  readonly baseSchema: Schema;
  fromConfig(config: Config): Configured;
}
/** The lookups of a family, and its exports. */
export interface FamilyExports {
  get(identifier: unknown): unknown;
  serialize(object: never): unknown;
  deserialize(config: never): unknown;
  readonly [name: string]: unknown;
}

const CANDIDATES = [
  true,
  false,
  'sum',
  'columns',
  'fan_out',
  'uniform',
  'imag',
  'spectrum',
  'variance_weighted_average',
  0.25,
  2,
  3,
  [0, 1],
  [1],
  'PR',
  'minoring',
  'micro',
  'float64',
  'mine',
];

/** A value that a field takes and that is not its default. */
function alternative({ initial, parse, serialize }: Field<unknown, unknown>): unknown {
  const text = (value: unknown) => JSON.stringify(serialize(parse(value, '')));
  const found = CANDIDATES.find((value) => {
    try {
      return text(value) !== text(initial);
    } catch {
      return false;
    }
  });
  if (found === undefined) throw new Error('no candidate fits the field');
  return found;
}

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/**
 * Tests of all classes that `family` exports and that extend `Base`. `module` is Keras's name of the family, `needed` makes the
 * arguments of classes that take more than options, or whose options need each other.
 */
export function testFamily(
  module: string,
  family: FamilyExports,
  Base: abstract new (...args: never[]) => unknown,
  needed: Readonly<Record<string, (options: Record<string, unknown>) => unknown[]>> = {},
): void {
  const isConfigured = (value: unknown): value is { name: string } =>
    typeof value === 'function' && value.prototype instanceof Base && Object.hasOwn(Object.getPrototypeOf(value) as object, 'schema');
  const classes = Object.entries(family).filter(([name, value]) => isConfigured(value) && name === value.name);

  describe.each(classes)(`${module}.%s`, (name, value) => {
    const Class = value as ConfiguredClass;
    const make = (options: Record<string, unknown> = {}): Configured => new Class(...(needed[name]?.(options) ?? [options]));
    const schema: Schema = { ...Class.schema, ...Class.baseSchema };

    it('has a config of plain data that makes an equal object', () => {
      const config = make().getConfig();
      expect(plain(config)).toEqual(config);
      expect(Class.fromConfig(config).getConfig()).toEqual(config);
    });

    it('is found by its name', () => {
      if (!Object.values(schema).some(({ required }) => required)) {
        expect(family.get(name)).toBeInstanceOf(Class);
        const alias = family.get(toSnakeCase(name));
        expect(alias instanceof Class || typeof alias === 'function').toBe(true);
        expect(family.get(Class)).toBeInstanceOf(Class);
      }
      const instance = make();
      expect(family.get(instance)).toBe(instance);
    });

    it('is serialized and deserialized', () => {
      const instance = make();
      const serialized = family.serialize(instance as never) as { module: string; class_name: string; config: Config };
      expect(serialized).toEqual({ module, class_name: Class.name, config: instance.getConfig(), registered_name: null });
      const again = family.deserialize(plain(serialized) as never) as Configured;
      expect(again).toBeInstanceOf(Class);
      expect(again.getConfig()).toEqual(serialized.config);
    });

    for (const option of Object.keys(schema).filter((key) => !schema[key].required))
      it(`keeps the option ${option}`, () => {
        const given = alternative(schema[option]);
        const made = make({ [option]: given });
        const config = made.getConfig();
        expect(Class.fromConfig(config).getConfig()).toEqual(config);
      });

    it('names the nearest option when one is unknown', () => {
      const [option] = Object.keys(schema);
      if (option === undefined) expect(() => make({ nonsense: 1 })).toThrow(`${Class.name}: unknown option 'nonsense'`);
      else expect(() => make({ [`${option}s`]: 1 })).toThrow(`${Class.name}: unknown option '${option}s'; did you mean '${option}'?`);
    });
  });
}
