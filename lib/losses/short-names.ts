// The short names by which losses and metrics are looked up.

const NAMES = {
  bce: 'binary_crossentropy',
  mae: 'mean_absolute_error',
  mape: 'mean_absolute_percentage_error',
  mse: 'mean_squared_error',
  msle: 'mean_squared_logarithmic_error',
} as const;

/** A short name, in small letters or in capitals. */
export type ShortName = keyof typeof NAMES | Uppercase<keyof typeof NAMES>;
/** What the short names stand for, in snake_case. */
export const SHORT_NAMES = Object.fromEntries(
  Object.entries(NAMES).flatMap(([short, name]) => [short, short.toUpperCase()].map((alias) => [alias, name])),
) as Readonly<Record<ShortName, string>>;
