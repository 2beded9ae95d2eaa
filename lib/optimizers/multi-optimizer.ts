// MultiOptimizer: an optimizer for each group of variables.
import { byPosition } from '../base/keywords.js';
import { noteChange } from '../config/changes.js';
import { Callable } from '../base/callable.js';
import type { Config } from '../config/configurable.js';
import { isSerialized } from '../config/registration.js';
import { deserializeKerasObject, serializeKerasObject } from '../config/serialization.js';
import type { TensorLike } from '../core/convert.js';
import { checkOptions, show } from '../base/errors.js';
import { isPlainObject } from '../base/tree.js';
import type { Tensor } from '../core/tensor.js';
import { type Variable } from '../core/variable.js';
import { LossScaleOptimizer } from './loss-scale-optimizer.js';
import { type ApplyOptions, type LearningRate, Optimizer } from './optimizer.js';

/** The optimizer, when it may be one among several. @throws a TypeError when not. */
function member(value: unknown, where: string): Optimizer {
  const optimizer = isSerialized(value) ? deserializeKerasObject(value) : value;
  if (!(optimizer instanceof Optimizer)) throw new TypeError(`${where} must be an Optimizer, received ${show(value)}`);
  if (optimizer instanceof LossScaleOptimizer || optimizer instanceof MultiOptimizer)
    throw new TypeError(`${where} cannot be a ${optimizer.constructor.name}: it must update variables itself`);
  return optimizer;
}

/** A map is called with a variable and gives its optimizer. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- gives instances their call signature
export interface OptimizerMap {
  (variable: Variable): Optimizer;
}

/** Options of `OptimizerMap`. */
export interface OptimizerMapOptions {
  /** Optimizers by paths of variables, or by expressions that match whole paths. */
  optimizerMap?: Readonly<Record<string, Optimizer>> | null;
}

/**
 * Optimizers by the paths of variables: keys are paths, or regular expressions that match a whole path.
 *
 * ```ts
 * const optimizerMap = { '.*embeddings': new keras.optimizers.SGD(0.1) };
 * const map = new keras.optimizers.OptimizerMap(new keras.optimizers.Adam(1e-3), { optimizerMap });
 * ```
 * @throws a TypeError when a value is no optimizer.
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- gives instances their call signature
export class OptimizerMap extends Callable {
  static readonly module: string = 'keras.optimizers';
  static readonly className: string = 'OptimizerMap';
  /** For the variables that no key stands for. */
  readonly defaultOptimizer: Optimizer;
  private readonly optimizers: Map<string, Optimizer>;

  constructor(defaultOptimizer: Optimizer, options?: OptimizerMapOptions);
  constructor(named: { defaultOptimizer: Optimizer } & OptimizerMapOptions);
  constructor(...args: unknown[]) {
    const [defaultOptimizer, options = {}] = byPosition('OptimizerMap', args, ['defaultOptimizer']) as [Optimizer, OptimizerMapOptions?];
    super();
    checkOptions('OptimizerMap', options, ['optimizerMap']);
    this.defaultOptimizer = member(defaultOptimizer, 'OptimizerMap: defaultOptimizer');
    const given = options.optimizerMap ?? {};
    if (!isPlainObject(given)) throw new TypeError(`OptimizerMap: optimizerMap must be an object of optimizers, received ${show(given)}`);
    this.optimizers = new Map(Object.entries(given).map(([key, value]) => [key, member(value, `OptimizerMap: optimizerMap['${key}']`)]));
  }

  /** @internal */
  override invoke(variable: Variable): Optimizer {
    return this.get(variable.path);
  }
  /**
   * The optimizer for a path: that of the path, of the expression that matches it, or the default one. @throws when several expressions
   * match.
   */
  get(path: string): Optimizer {
    const exact = this.optimizers.get(path);
    if (exact !== undefined) return exact;
    const matching = [...this.optimizers.keys()].filter((pattern) => new RegExp(`^(?:${pattern})$`).test(path));
    if (matching.length > 1) throw new Error(`OptimizerMap: more than one key matches the variable ${path}: ${matching.join(', ')}`);
    return matching.length === 0 ? this.defaultOptimizer : this.optimizers.get(matching[0]!)!;
  }
  /** Adds an optimizer. @throws for a key that is there already. */
  set(key: string, optimizer: Optimizer): this {
    if (this.optimizers.has(key)) throw new Error(`OptimizerMap: the key '${key}' has an optimizer already`);
    this.optimizers.set(key, member(optimizer, `OptimizerMap: '${key}'`));
    return this;
  }
  /** Removes a key; tells whether it was there. */
  delete(key: string): boolean {
    return this.optimizers.delete(key);
  }
  /** Number of keys. */
  get size(): number {
    return this.optimizers.size;
  }
  /** The keys, in the order in which they were added. */
  keys(): IterableIterator<string> {
    return this.optimizers.keys();
  }
  /** The optimizers of the keys. */
  values(): IterableIterator<Optimizer> {
    return this.optimizers.values();
  }
  /** Keys with their optimizers, in the order in which they were added: `for (const [key, optimizer] of map)`. */
  [Symbol.iterator](): IterableIterator<[string, Optimizer]> {
    return this.optimizers.entries();
  }

  /** The config forms of the default optimizer and of those of the keys, from which `fromConfig` makes a map. */
  getConfig(): Config {
    const entries = [...this].map(([key, optimizer]) => [key, serializeKerasObject(optimizer)] as const);
    return { default_optimizer: serializeKerasObject(this.defaultOptimizer), optimizer_map: Object.fromEntries(entries) };
  }
  /** Makes a map from what `getConfig` gave. */
  static fromConfig(config: Config): OptimizerMap {
    const { default_optimizer: first, optimizer_map: others } = config as {
      default_optimizer: unknown;
      optimizer_map: Record<string, unknown>;
    };
    const entries = Object.entries(others).map(([key, value]) => [key, member(value, `OptimizerMap: optimizer_map['${key}']`)]);
    return new OptimizerMap(member(first, 'OptimizerMap: default_optimizer'), {
      optimizerMap: Object.fromEntries(entries) as Record<string, Optimizer>,
    });
  }
}

/** What tells the optimizer of a variable: a map, or a function. */
export type OptimizerChoice = OptimizerMap | ((variable: Variable) => Optimizer);
/** Options of `MultiOptimizer`. */
export interface MultiOptimizerOptions {
  /** The loss is multiplied by it and the gradients divided. Default null: not scaled. */
  lossScaleFactor?: number | null | undefined;
  /** Name; by default the class's, in snake_case. */
  name?: string | null | undefined;
}

/**
 * Updates each variable with the optimizer that a map (or a function of variables) tells, each with its own rate and options.
 *
 * @throws when the map gives something else than an optimizer that updates variables itself.
 */
export class MultiOptimizer extends Optimizer {
  static readonly className: string = 'MultiOptimizer';
  private readonly choose: OptimizerChoice;
  private readonly members: Optimizer[] = [];
  private readonly memberOf = new Map<Variable, Optimizer>();

  constructor(optimizerMap: OptimizerChoice, options?: MultiOptimizerOptions);
  constructor(named: { optimizerMap: OptimizerChoice } & MultiOptimizerOptions);
  constructor(...args: unknown[]) {
    const [optimizerMap, options = {}] = byPosition('MultiOptimizer', args, ['optimizerMap']) as [OptimizerChoice, MultiOptimizerOptions?];
    checkOptions('MultiOptimizer', options, ['lossScaleFactor', 'name']);
    if (typeof optimizerMap !== 'function')
      throw new TypeError(
        `MultiOptimizer: optimizerMap must be an OptimizerMap or a function of variables, received ${show(optimizerMap)}`,
      );
    super({ learningRate: 0, ...options });
    this.choose = optimizerMap;
    if (!(optimizerMap instanceof OptimizerMap)) return;
    for (const optimizer of [...optimizerMap.values(), optimizerMap.defaultOptimizer]) this.include(optimizer);
  }

  private include(optimizer: Optimizer): void {
    if (this.members.includes(optimizer)) return;
    optimizer.lossScaleFactor = this.lossScaleFactor;
    this.members.push(optimizer);
  }

  override build(variables: readonly Variable[]): void {
    if (this.built) return;
    for (const variable of variables) {
      const optimizer = member(this.choose(variable), `MultiOptimizer: the optimizer of ${variable.path}`);
      this.include(optimizer);
      this.memberOf.set(variable, optimizer);
    }
    for (const [optimizer, own] of this.groups(variables)) optimizer.build(own);
    super.build(variables);
  }
  /** The optimizers that have some of these variables, in order, with them. */
  private groups(variables: readonly Variable[]): [Optimizer, Variable[]][] {
    return this.members
      .map((optimizer): [Optimizer, Variable[]] => [optimizer, variables.filter((variable) => this.memberOf.get(variable) === optimizer)])
      .filter(([, own]) => own.length > 0);
  }

  /** The optimizers. */
  get optimizers(): readonly Optimizer[] {
    return this.members;
  }
  /** The step count, then the state of the optimizers. */
  override get variables(): Variable[] {
    return [...super.variables, ...this.members.flatMap((optimizer) => optimizer.variables)];
  }
  override get iterations(): Variable {
    return this.stepCount;
  }
  /** @throws always: each optimizer has a rate of its own. */
  override get learningRate(): Variable | Tensor {
    throw new Error(`${this.name}: has no rate of its own; read that of one of its optimizers`);
  }
  override set learningRate(_value: LearningRate | TensorLike) {
    throw new Error(`${this.name}: has no rate of its own; set that of one of its optimizers`);
  }
  /** @internal A factor of the loss is that of all optimizers. */
  optionChanging(name: string, value: unknown): void {
    noteChange();
    if (name === 'lossScaleFactor') for (const optimizer of this.members) optimizer.lossScaleFactor = value as number | null;
  }

  override apply(gradients: readonly (TensorLike | null)[], options: ApplyOptions = {}): void {
    if (gradients.length === 0) return;
    const variables = this.prepare(gradients, options);
    for (const [optimizer, trainableVariables] of this.groups(variables)) {
      optimizer.apply(trainableVariables.map((variable) => gradients[variables.indexOf(variable)]!), { trainableVariables });
    }
    this.stepCount.assignAdd(1);
  }
  override updateStep(gradient: Tensor, variable: Variable, rate: Variable | Tensor): void {
    this.memberOf.get(variable)?.updateStep(gradient, variable, rate);
  }
  override finalizeVariableValues(variables: readonly Variable[]): void {
    for (const [optimizer, own] of this.groups(variables)) optimizer.finalizeVariableValues(own);
  }

  override getConfig(): Config {
    return { optimizer_map: serializeKerasObject(this.choose), loss_scale_factor: this.lossScaleFactor, name: this.name };
  }
  /** Makes an optimizer from what `getConfig` gave. */
  static fromConfig(config: Config): MultiOptimizer {
    const {
      optimizer_map: map,
      loss_scale_factor: lossScaleFactor,
      name,
    } = config as { optimizer_map: unknown; loss_scale_factor?: number; name?: string };
    const choice = isSerialized(map) ? deserializeKerasObject(map) : map;
    return new MultiOptimizer(choice as OptimizerChoice, { lossScaleFactor, name });
  }
}
