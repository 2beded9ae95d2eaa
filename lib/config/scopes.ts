// Scopes of names, of variables' values and of devices: what Keras opens with `with`.
import type { TensorLike } from '../core/convert.js';
import { toTensor } from '../core/convert.js';
import { checkOptions, show } from '../base/errors.js';
import { context, openContext, runInContext, type Context } from '../core/context.js';
import { pathWith } from '../core/scope.js';
import type { StatelessState } from '../core/stateless.js';
import { showShape } from '../base/shape.js';
import type { Tensor } from '../core/tensor.js';
import { Variable } from '../core/variable.js';

/**
 * What is open between `enter` and `exit`, or while `run` runs a function. Scopes nest, and close in the order opposite to that of their
 * opening: across `await`, beside other async functions, that is true of `run` alone.
 */
export abstract class Scope {
  readonly #open: (() => void)[] = [];

  /** @internal What holds in the scope. */
  protected abstract changes(): Partial<Context>;

  /** Opens the scope, until `exit`. */
  enter(): this {
    this.#open.push(openContext(this.changes(), this.constructor.name));
    return this;
  }
  /**
   * Closes the scope.
   * @throws when one that was opened later is still open.
   */
  exit(): void {
    this.#open.at(-1)?.();
    this.#open.pop();
  }
  /**
   * Runs `fn` in the scope. An async function stays in it until its promise is settled, whatever else runs meanwhile.
   * @throws a TypeError when a function that is not async returns a promise.
   */
  run<T>(fn: (scope: this) => T): T {
    return runInContext(this.changes(), `${this.constructor.name}.run`, fn, this);
  }
}

/** Options of `NameScope`. */
export interface NameScopeOptions {
  /** The object that opens the scope. */
  caller?: unknown;
  /** Whether a scope of the same name that the same caller has opened last is gone on with. Default true. */
  deduplicate?: boolean;
  /** A path in the place of the scopes around this one. Default null. */
  overrideParent?: string | null;
}

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
    if (typeof name !== 'string' || name.includes('/'))
      throw new TypeError(`nameScope: the name must be a string without '/', received ${show(name)}`);
    this.name = name;
    this.caller = options.caller ?? null;
    this.deduplicate = options.deduplicate ?? true;
    this.overrideParent = options.overrideParent ?? null;
  }

  protected override changes(): Partial<Context> {
    const { nameScope: around, path } = context();
    if (this.deduplicate && this.caller !== null && around?.caller === this.caller && around?.name === this.name) return {};
    const parent = this.overrideParent === null ? path : this.overrideParent.split('/').filter((part) => part !== '').join('/');
    return { nameScope: this, path: pathWith(this.name, parent) };
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
  /**
   * In Keras, whether variables that were made in the scope get their values at its end. Here variables have them from the start. Default
   * true.
   */
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
    const isIterable = stateMapping === null || (typeof stateMapping === 'object' && Symbol.iterator in stateMapping);
    if (!isIterable) throw new TypeError(`StatelessScope: stateMapping must be a Map or an array of pairs, received ${show(stateMapping)}`);
    for (const pair of stateMapping ?? []) {
      const [variable, value] = (Array.isArray(pair) ? pair : [pair]) as readonly [unknown, TensorLike];
      if (!(variable instanceof Variable))
        throw new TypeError(`StatelessScope: stateMapping must hold pairs of a Variable and a value, received ${show(variable)}`);
      const tensor = toTensor(value, variable.dtype, 'StatelessScope');
      if (tensor.spec !== variable.spec)
        throw new RangeError(
          `StatelessScope: ${variable.path} has shape ${showShape(variable.shape)}, received a value of shape ${showShape(tensor.shape)}`,
        );
      values.set(variable, tensor);
    }
    this.#state = { values, losses: [], collectLosses };
  }

  protected override changes(): Partial<Context> {
    return { stateless: this.#state, assignments: this.#state.values };
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
  protected override changes(): Partial<Context> {
    return {};
  }
}

/** A scope of computations on one device. */
class DeviceScope extends Scope {
  constructor(readonly deviceName: string) {
    super();
  }
  protected override changes(): Partial<Context> {
    return {};
  }
}

/**
 * A scope whose computations run on a device. There is one: `'cpu'`, also called `'cpu:0'`.
 * @throws for other devices.
 */
export function device(deviceName: string): DeviceScope {
  if (typeof deviceName !== 'string' || !/^\/?(?:device:)?cpu(?::0)?$/i.test(deviceName))
    throw new RangeError(`device: there is only 'cpu', received ${show(deviceName)}`);
  return new DeviceScope(deviceName);
}
