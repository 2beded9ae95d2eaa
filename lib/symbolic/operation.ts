// Operation: what a functional model is made of. Called on symbols it notes the call, so that it can be called again on data.
import { Callable } from '../base/callable.js';
import { show } from '../base/errors.js';
import { computeOutputSpec, isSymbolic, KerasTensor, type OperationCall } from './keras-tensor.js';
import { autoName } from '../base/names.js';
import { flatten, mapStructure } from '../base/tree.js';

/** An operation is called like a function: on tensors it computes, on symbols it gives symbols. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- gives instances their call signature
export interface Operation {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- what comes back is the operation's own business
  (...args: [this] extends [{ trainStep: unknown }] ? never[] : any[]): any;
  /** The symbol (or the array of them) that the first symbolic call got. @throws before there was one. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- subclasses may have a property of their own of that name
  input: any;
  /** The symbol (or the array of them) that the first symbolic call gave. @throws before there was one. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as above
  output: any;
}

/**
 * Base of all that can stand in the graph of a functional model: layers, the functions of `keras.ops` when they are called on symbols, and
 * operations of your own:
 *
 * ```ts
 * class Scale extends keras.Operation {
 *   constructor(factor) { super(); this.factor = factor; }
 *   call(x) { return ops.multiply(x, this.factor); }
 * }
 * ```
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- gives instances their call signature
export abstract class Operation extends Callable {
  /** The name; by default the class's in snake_case, with a number. */
  readonly name: string;
  readonly #calls: OperationCall[] = [];

  /** @throws for a name that is no string or has a `/` in it. */
  constructor({ name = null }: { name?: string | null } = {}) {
    super();
    if (name !== null && (typeof name !== 'string' || name.includes('/'))) {
      throw new TypeError(`${new.target.name}: name must be a string without '/', received ${show(name)}`);
    }
    this.name = name ?? autoName(new.target.name === '' ? 'Operation' : new.target.name);
  }

  /** What the operation computes. */
  abstract call(...args: unknown[]): unknown;

  /** @internal */
  invoke(...args: unknown[]): unknown {
    if (typeof (this as { call?: unknown }).call !== 'function') throw new TypeError(`${this.name}: an operation must have a method call`);
    return args.some(isSymbolic) ? this.symbolicCall(...args) : this.call(...args);
  }

  /** The symbols that the operation would return for these arguments. */
  computeOutputSpec(...args: unknown[]): unknown {
    return computeOutputSpec((actual) => this.call(...actual), args);
  }

  /** Calls the operation on symbols and notes the call. */
  symbolicCall(...args: unknown[]): unknown {
    return this.noteCall(args, this.computeOutputSpec(...args));
  }

  /** @internal The symbolic calls of the operation, in order. */
  get inboundCalls(): readonly OperationCall[] {
    return this.#calls;
  }
  /** @internal Name of the class, as configs and tables show it. */
  get typeName(): string {
    return this.constructor.name;
  }

  /** @internal Notes a symbolic call. Returns its outputs, which know the call from now on. */
  noteCall(args: readonly unknown[], result: unknown, recorded: OperationCall['recorded'] = {}): unknown {
    // A symbol that another call made is handed on under a new identity.
    const outputs = mapStructure(
      (leaf) => (leaf instanceof KerasTensor && leaf.history !== null ? new KerasTensor(leaf.shape, leaf.dtype) : leaf),
      result,
    );
    const symbols = (value: unknown) => flatten(value).leaves.filter((leaf) => leaf instanceof KerasTensor);
    const call: OperationCall = {
      operation: this,
      args,
      inputs: symbols(args),
      outputs: symbols(outputs),
      index: this.#calls.length,
      recorded,
    };
    this.#calls.push(call);
    call.outputs.forEach((output, index) => {
      output.history = { call, index };
    });
    return outputs;
  }

  /** @internal The only symbol of one side of the first call, or the array of them. */
  firstSymbols(side: 'input' | 'output'): unknown {
    const [first] = this.#calls;
    if (first === undefined) throw new Error(`${this.name}: has no ${side} yet, because it was not called on symbols`);
    const symbols = side === 'input' ? first.inputs : first.outputs;
    return symbols.length === 1 ? symbols[0] : [...symbols];
  }

  static {
    // Accessors that a field of the same name in a subclass may replace.
    for (const side of ['input', 'output'] as const) {
      Object.defineProperty(Operation.prototype, side, {
        get(this: Operation) {
          return this.firstSymbols(side);
        },
        set(this: Operation, value: unknown) {
          Object.defineProperty(this, side, { value, writable: true, enumerable: true, configurable: true });
        },
        configurable: true,
      });
    }
  }

  /** The options, as plain data with snake_case keys. An operation with options of its own adds them. */
  getConfig(): Record<string, unknown> {
    return { name: this.name };
  }

  /** Makes an operation from what `getConfig` gave: `new this(config)` with the keys in camelCase. */
  static fromConfig(config: Record<string, unknown>): unknown {
    const camel = (key: string): string => key.replace(/(?!^)_+([a-zA-Z0-9])/g, (_, c: string) => c.toUpperCase());
    const options = Object.fromEntries(Object.entries(config).map(([key, value]) => [camel(key), value]));
    return new (this as unknown as new (options: unknown) => unknown)(options);
  }
}
