// Callable objects: layers, losses, metrics, initializers … are called like functions, as in Keras.

/**
 * Base of classes whose instances can be called: `instance(...args)` is `instance.invoke(...args)`.
 * An instance is a function with the class's prototype, so it has no `name` or `length` of its own and no `call` or `apply` of functions.
 */
export abstract class Callable {
  constructor() {
    const instance = (...args: unknown[]): unknown => (instance as unknown as Callable).invoke(...args);
    delete (instance as { name?: string }).name;
    delete (instance as { length?: number }).length;
    Object.setPrototypeOf(instance, new.target.prototype);
    return instance as unknown as this;
  }

  /** @internal What calling the instance does. */
  abstract invoke(...args: unknown[]): unknown;
}
