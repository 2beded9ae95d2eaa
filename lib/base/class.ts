// Classes as values, whatever their constructors take.

/** A class that makes a `T`. `any` is what fits constructors whose arguments come in several forms. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- never[] does not fit them
export type AnyClass<T = unknown> = new (...args: any) => T;
/** A class that may be abstract. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- as above
export type AbstractClass<T = unknown> = abstract new (...args: any) => T;
