// Names: how Keras's and ours are spelled, and those that are made up (`dense`, `dense_1`, …) as Keras counts them.

const counters = new Map<string, number>();

/** Keras's snake_case of a class name: `Conv2DTranspose` becomes `conv2d_transpose`. */
export function toSnakeCase(name: string): string {
  return name
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
}

/** `useBias` → `use_bias`; digits stay where they are (`x1`). */
export const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);
/** `use_bias` → `useBias`, `beta_1` → `beta1`. */
export const camelCase = (name: string): string => name.replace(/(?!^)_+([a-zA-Z0-9])/g, (_, c: string) => c.toUpperCase());
/** The same values under keys in camelCase: a config of Keras as options. */
export const camelKeys = <T>(values: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [camelCase(key), value]));

/** `prefix`, then `prefix_1`, `prefix_2`, … */
export function uniqueName(prefix: string): string {
  const count = counters.get(prefix) ?? 0;
  counters.set(prefix, count + 1);
  return count === 0 ? prefix : `${prefix}_${count}`;
}

/** A unique name in snake_case made from a class name. */
export const autoName = (prefix: string): string => uniqueName(toSnakeCase(prefix));

/** Starts counting again. */
export function resetNames(): void {
  counters.clear();
}
