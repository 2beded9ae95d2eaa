// Keras's lower-case aliases of classes: functions that make an instance.

/** `new Class(...args)` as a function. */
export const factory = <A extends unknown[], T>(Class: new (...args: A) => T) => (...args: A): T => new Class(...args);
