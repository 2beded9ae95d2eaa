// Scopes of names, of variables' values and of devices: what Keras opens with `with`.
import type { TensorLike } from '../core/convert.js';
import { toTensor } from '../core/convert.js';
import { checkOptions, show } from '../base/errors.js';
import { currentScope, openPath } from '../core/scope.js';
import { openStateless, type StatelessState } from '../core/stateless.js';
import { showShape } from '../base/shape.js';
import type { Tensor } from '../core/tensor.js';
import { Variable } from '../core/variable.js';

/** What is open between `enter` and `exit`; scopes nest, and close in the order opposite to that of their opening. */
abstract class Scope {
  readonly #open: (() => void)[] = [];

  /** @internal Opens the scope, and gives what closes it. */
  protected abstract open(): () => void;

  /** Opens the scope, until `exit`. */
  enter(): this {
    this.#open.push(this.open());
    return this;
  }
  /** Closes the scope. */
  exit(): void {
    this.#open.pop()?.();
  }
  /** Runs `fn` in the scope; where it returns a promise, the scope stays open until that is settled. */
  run<T>(fn: (scope: this) => T): T {
    this.enter();
    let result: T;
    try {
      result = fn(this);
    } catch (error) {
      this.exit();
      throw error;
    }
    if (result instanceof Promise) return result.finally(() => this.exit()) as T;
    this.exit();
    return result;
  }
}
export { Scope };

/** Options of `NameScope`. */
export interface NameScopeOptions {
  /** The object that opens the scope. */
  caller?: unknown;
  /** Whether a scope of the same name that the same caller has opened last is gone on with. Default true. */
  deduplicate?: boolean;
  /** A path in the place of the scopes around this one. Default null. */
  overrideParent?: string | null;
}

const openNames: { readonly caller: unknown; readonly name: string }[] = [];

/**
 * A part of the path of the variables that are made in it:
 *
 * ```ts
 * const v = keras.nameScope('encoder').run(() => new keras.Variable(0, { name: 'v' }));
 * v.path; // 'encoder/v'
 * ```
 * @throws for names with `/`.
 */
export class NameScope extends Scope {
  readonly name: string;
  readonly caller: unknown;
  readonly deduplicate: boolean;
  readonly overrideParent: string | null;

  constructor(name: string, options: NameScopeOptions = {}) {
    super();
    checkOptions('nameScope', options, ['caller', 'deduplicate', 'overrideParent']);
    if (typeof name !== 'string' || name.includes('/')) throw new TypeError(`nameScope: the name must be a string without '/', received ${show(name)}`);
    this.name = name;
    this.caller = options.caller ?? null;
    this.deduplicate = options.deduplicate ?? true;
    this.overrideParent = options.overrideParent ?? null;
  }

  protected override open(): () => void {
    const around = openNames.at(-1);
    if (this.deduplicate && this.caller !== null && around?.caller === this.caller && around?.name === this.name) return () => undefined;
    const parent = this.overrideParent === null ? currentScope() : this.overrideParent.split('/').filter((part) => part !== '').join('/');
    openNames.push(this);
    const close = openPath(parent === '' ? this.name : `${parent}/${this.name}`);
    return () => {
      close();
      openNames.pop();
    };
  }
}
/** A `NameScope`. */
export const nameScope = (name: string, options: NameScopeOptions = {}): NameScope => new NameScope(name, options);

/** Options of `StatelessScope`. */
export interface StatelessScopeOptions {
  /** Variables, each with what stands in its place. */
  stateMapping?: Iterable<readonly [Variable, TensorLike]> | null;
  /** Whether `losses` of the scope gets what layers add. Default false. */
  collectLosses?: boolean;
  /** In Keras, whether variables that were made in the scope get their values at its end. Here variables have them from the start. Default true. */
  initializeVariables?: boolean;
}

/**
 * A scope in which no variable changes: reads give what `stateMapping` holds, and what is assigned is kept in the scope:
 *
 * ```ts
 * const scope = new keras.StatelessScope({ stateMapping: model.weights.map((v) => [v, keras.ops.ones(v.shape)]) });
 * const outputs = scope.run(() => model(inputs));
 * scope.getCurrentValue(model.weights[0]);
 * ```
 * @throws for keys that are no variables, and for values of another shape.
 */
export class StatelessScope extends Scope {
  readonly collectLosses: boolean;
  readonly initializeVariables: boolean;
  readonly #state: StatelessState;

  constructor(options: StatelessScopeOptions = {}) {
    super();
    checkOptions('StatelessScope', options, ['stateMapping', 'collectLosses', 'initializeVariables']);
    const { stateMapping = null, collectLosses = false, initializeVariables = true } = options;
    this.collectLosses = collectLosses;
    this.initializeVariables = initializeVariables;
    const values = new Map<Variable, Tensor>();
    for (const [variable, value] of stateMapping ?? []) {
      if (!(variable instanceof Variable)) throw new TypeError(`StatelessScope: stateMapping must hold pairs of a Variable and a value, received ${show(variable)}`);
      const tensor = toTensor(value, variable.dtype, 'StatelessScope');
      if (tensor.spec !== variable.spec) throw new RangeError(`StatelessScope: ${variable.path} has shape ${showShape(variable.shape)}, received a value of shape ${showShape(tensor.shape)}`);
      values.set(variable, tensor);
    }
    this.#state = { values, losses: [], collectLosses };
  }

  protected override open(): () => void {
    return openStateless(this.#state);
  }
  /** What layers have added in the scope. */
  get losses(): readonly Tensor[] {
    return this.#state.losses;
  }
  /** Adds a loss to the scope. */
  addLoss(loss: TensorLike): void {
    this.#state.losses.push(toTensor(loss, null, 'StatelessScope.addLoss'));
  }
  /** Keeps a value for a variable. */
  addUpdate([variable, value]: readonly [Variable, TensorLike]): void {
    this.#state.values.set(variable, toTensor(value, variable.dtype, 'StatelessScope.addUpdate'));
  }
  /** What a variable stands for in the scope; null for one that was neither given nor assigned. */
  getCurrentValue(variable: Variable): Tensor | null {
    return this.#state.values.get(variable) ?? null;
  }
}

/** A scope that says that symbols are at work, as Keras's. Nothing computes otherwise in it. */
export class SymbolicScope extends Scope {
  protected override open(): () => void {
    return () => undefined;
  }
}

/** A scope of computations on one device. */
class DeviceScope extends Scope {
  constructor(readonly deviceName: string) {
    super();
  }
  protected override open(): () => void {
    return () => undefined;
  }
}

/**
 * A scope whose computations run on a device. There is one: `'cpu'`, also called `'cpu:0'`.
 * @throws for other devices.
 */
export function device(deviceName: string): DeviceScope {
  if (typeof deviceName !== 'string' || !/^\/?(?:device:)?cpu(?::0)?$/i.test(deviceName)) throw new RangeError(`device: there is only 'cpu', received ${show(deviceName)}`);
  return new DeviceScope(deviceName);
}
