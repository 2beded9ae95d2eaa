// LambdaCallback: a callback made of functions.
import { checkOptions, show } from '../base/errors.js';
import { Callback, type HookName, HOOKS } from './callback.js';

/** The hooks to call, by name: any of `Callback`'s. */
export type LambdaCallbackOptions = { readonly [K in Exclude<HookName, InternalHook>]?: Callback[K] | null | undefined };

type InternalHook = 'onProgress' | 'onSettled';
const NAMES = HOOKS.filter((hook) => hook !== 'onProgress' && hook !== 'onSettled');

/**
 * A callback made on the spot of one or more hooks.
 *
 * ```ts
 * const print = new keras.callbacks.LambdaCallback({ onEpochEnd: (epoch, logs) => console.log(epoch, logs.loss) });
 * ```
 * @throws a TypeError for an unknown hook, and for what is no function.
 */
export class LambdaCallback extends Callback {
  constructor(hooks: LambdaCallbackOptions = {}) {
    super();
    checkOptions('LambdaCallback', hooks, NAMES);
    for (const [name, hook] of Object.entries(hooks)) {
      if (hook === null || hook === undefined) continue;
      if (typeof hook !== 'function') throw new TypeError(`LambdaCallback: ${name} must be a function, received ${show(hook)}`);
      Object.defineProperty(this, name, { value: hook, configurable: true, enumerable: true, writable: true });
    }
  }
}
