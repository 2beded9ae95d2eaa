// Reverse and forward differentiation over what a tape recorded: GradientTape, vjp, jvp, grad, valueAndGrad, customGradient.
import type { TensorLike } from '../core/convert.js';
import { filled, toTensor } from '../core/convert.js';
import { isInexact } from '../base/dtype.js';
import { show } from '../base/errors.js';
import type { KerasTensor } from '../symbolic/keras-tensor.js';
import { bind } from '../core/bind.js';
import { runInContext } from '../core/context.js';
import { defineOp } from '../core/op.js';
import { sameShape, showShape } from '../base/shape.js';
import { alsoRecording, pausing, Tape, withoutTapes } from '../core/tape.js';
import { Tensor } from '../core/tensor.js';
import { flatten, type Nested } from '../base/tree.js';
import { Variable } from '../core/variable.js';
import { publicOp } from './public.js';
import { backward, linearize, pushForward, tensorLeaves } from './linearize.js';
import { scan } from './primitives/control.js';
import { equal } from './primitives/elementwise.js';
import { iota, reshape } from './primitives/shape.js';
import { castTo } from '../core/cast.js';

const ones = (like: Tensor): Tensor => filled(like.shape, 1, like.dtype);
const zeros = (like: Tensor): Tensor => filled(like.shape, 0, like.dtype);

/** A source of `GradientTape.gradient`: a variable, a watched tensor, or a nested structure of them. */
export type Sources = Nested<Tensor | Variable>;
/** Gradients in the structure of the sources. */
export type GradientsOf<S> = S extends Tensor | Variable ? Tensor | null
  : S extends readonly (infer _)[] ? { -readonly [K in keyof S]: GradientsOf<S[K]> }
  : { -readonly [K in keyof S]: GradientsOf<S[K]> };

/**
 * Records what is computed in `record` and gives gradients of the results, as TensorFlow's tape does. Trainable variables
 * are watched by themselves.
 *
 * ```ts
 * const tape = new keras.GradientTape();
 * const loss = tape.record(() => lossFn(y, model(x, { training: true })));
 * const gradients = tape.gradient(loss, model.trainableWeights);
 * ```
 */
export class GradientTape {
  private readonly tape: Tape;
  private readonly persistent: boolean;
  private used = false;

  /**
   * @param options.persistent lets `gradient` be called more than once. Default false.
   * @param options.watchAccessedVariables false: only what `watch` names is followed. Default true.
   */
  constructor(options: { persistent?: boolean; watchAccessedVariables?: boolean } = {}) {
    this.persistent = options.persistent ?? false;
    this.tape = new Tape(options.watchAccessedVariables ?? true);
  }

  /** Follows a tensor or variable (or a structure of them) from here on. */
  watch(sources: Sources): void {
    for (const leaf of flatten<Tensor | Variable>(sources).leaves) {
      if (leaf instanceof Variable)
        this.tape.noteRead(
          leaf,
          withoutTapes(() => leaf.value),
          true,
        );
      else if (!isInexact(leaf.dtype))
        throw new TypeError(`GradientTape.watch: only float and complex tensors have gradients, received ${leaf.dtype}`);
      else this.tape.watch(leaf);
    }
  }

  /**
   * Runs `fn` and records it, across `await` too when it is an async function. Tapes nest. May be called several times.
   * @throws a TypeError when a function that is not async returns a promise.
   */
  record<T>(fn: () => T): T {
    if (typeof fn !== 'function')
      throw new TypeError(`GradientTape.record: expected a function that computes what is differentiated, received ${show(fn)}`);
    return runInContext(alsoRecording(this.tape), 'GradientTape.record', fn);
  }

  /**
   * The Jacobian of a tensor with respect to each source: its shape is the target's shape, then the source's; null where there is no path.
   * @throws when a gradient was taken before without `persistent`.
   */
  jacobian<const S extends Sources>(target: Tensor, sources: S): GradientsOf<S> {
    this.use('jacobian');
    const flat = flatten<Tensor | Variable>(sources);
    const rowsOf = (seed: Tensor) => backward(this.tape, [target], [seed], flat.leaves);
    return flat.pack(pausing(this.tape, () => jacobianRows(target, flat.leaves, rowsOf))) as GradientsOf<S>;
  }

  private use(method: string): void {
    if (this.used && !this.persistent)
      throw new Error(`GradientTape.${method}: gradients may be taken once; for more make the tape with persistent: true`);
    this.used = true;
  }

  /**
   * Gradients of `target` (a tensor, or a structure whose gradients are added up) with respect to each source; null where
   * the target does not depend on it. `outputGradients` weights the targets' elements; default ones.
   * @throws when called a second time without `persistent`.
   */
  gradient<const S extends Sources>(
    target: Nested<Tensor>,
    sources: S,
    options: { outputGradients?: Nested<TensorLike>; unconnectedGradients?: 'none' | 'zero' } = {},
  ): GradientsOf<S> {
    this.use('gradient');
    const targets = tensorLeaves(target, 'GradientTape.gradient');
    const given = options.outputGradients === undefined ? null : flatten<TensorLike>(options.outputGradients).leaves;
    const seeds = targets.map((t, i) => (given === null ? ones(t) : toTensor(given[i]!, t.dtype)));
    const flat = flatten<Tensor | Variable>(sources);
    const gradients = pausing(this.tape, () => backward(this.tape, targets, seeds, flat.leaves));
    const filledIn =
      options.unconnectedGradients === 'zero'
        ? gradients.map((g, i) => g ?? zeros(flat.leaves[i] instanceof Variable ? flat.leaves[i].value : (flat.leaves[i] as Tensor)))
        : gradients;
    return flat.pack(filledIn) as GradientsOf<S>;
  }
}

/** Jacobians from a function that gives one row of them: it runs once for each element of the target, as a native loop. */
function jacobianRows(
  target: Tensor,
  sources: readonly (Tensor | Variable)[],
  rowsOf: (seed: Tensor) => (Tensor | null)[],
): (Tensor | null)[] {
  const basis = reshape(castTo(equal(expandLast(iota(target.size, 'int32')), iota(target.size, 'int32')), target.dtype), [
    target.size,
    ...target.shape,
  ]);
  let found: boolean[] = [];
  const { rows } = scan(
    (_, [seed]) => {
      const gradients = rowsOf(seed!);
      found = gradients.map((gradient) => gradient !== null);
      return { carries: [], rows: gradients.filter((gradient) => gradient !== null) };
    },
    [],
    [basis],
    target.size,
    false,
  );
  let next = 0;
  return sources.map((source, i) => (found[i] === true ? reshape(rows[next++]!, [...target.shape, ...source.shape]) : null));
}
const expandLast = (x: Tensor): Tensor => reshape(x, [...x.shape, 1]);

/**
 * The value of `fn` at the inputs, and its pullback: from a cotangent of the output's structure to gradients of the inputs, in
 * order (zeros where the output does not depend on one). As `jax.vjp`.
 */
export function vjp<R extends Nested<Tensor>>(
  fn: (...inputs: Tensor[]) => R,
  ...inputs: TensorLike[]
): [R, (cotangent: Nested<TensorLike>) => Tensor[]] {
  const tensors = inputs.map((input) => toTensor(input, null, 'vjp'));
  const { output, outputs, pullback } = linearize(fn, tensors, 'vjp');
  return [
    output as R,
    (cotangent) => {
      const leaves = outputs.length === 1 && !Array.isArray(output) ? [cotangent as TensorLike] : flatten<TensorLike>(cotangent).leaves;
      if (leaves.length !== outputs.length) throw new RangeError(`vjp: expected ${outputs.length} cotangents, received ${leaves.length}`);
      const seeds = leaves.map((leaf, i) => {
        const seed = toTensor(leaf, outputs[i]!.dtype, 'vjp');
        if (!sameShape(seed.shape, outputs[i]!.shape))
          throw new RangeError(`vjp: cotangent ${i} has shape ${showShape(seed.shape)}, expected ${showShape(outputs[i]!.shape)}`);
        return seed;
      });
      return pullback(seeds).map((gradient, i) => gradient ?? zeros(tensors[i]!));
    },
  ];
}

/** Options of `grad` and `valueAndGrad`. */
export interface GradOptions {
  /** Which argument (or arguments) to differentiate with respect to. Default 0. */
  argnums?: number | readonly number[];
  /** Whether `fn` returns `[loss, auxiliary]`. Default false. */
  hasAux?: boolean;
}

/**
 * A function that gives `[value, gradients]` of a scalar-valued `fn`. Arguments may be nested structures of tensors; the gradients
 * have the structure of the argument (an array of them when `argnums` is an array). As `jax.value_and_grad`; with `hasAux` the
 * value is `[loss, auxiliary]`.
 */
export function valueAndGrad<A extends unknown[], R>(fn: (...args: A) => R, options: GradOptions = {}): (...args: A) => [R, unknown] {
  const { argnums = 0, hasAux = false } = options;
  return (...args) => {
    const picked = typeof argnums === 'number' ? [argnums] : argnums;
    for (const i of picked)
      if (!Number.isInteger(i) || i < 0 || i >= args.length)
        throw new RangeError(`valueAndGrad: argnums ${show(argnums)} names no argument of ${args.length}`);
    const flats = picked.map((i) => flatten<TensorLike>(args[i], isNumbers));
    const tensors = flats.flatMap((flat) => flat.leaves.map((leaf) => toTensor(leaf, null, 'valueAndGrad')));
    let value: unknown;
    const run = (...inputs: Tensor[]): Tensor => {
      const actual = [...args] as unknown[];
      let next = 0;
      picked.forEach((i, k) => {
        actual[i] = flats[k]!.pack(flats[k]!.leaves.map(() => inputs[next++]));
      });
      value = fn(...(actual as A));
      const loss = hasAux ? (value as readonly unknown[])[0] : value;
      if (!(loss instanceof Tensor) || loss.size !== 1)
        throw new TypeError(
          `valueAndGrad: the function must return a scalar tensor${hasAux ? ' first' : ''}, received ${loss instanceof Tensor ? `shape ${showShape(loss.shape)}` : show(loss)}`,
        );
      return loss;
    };
    const { outputs, pullback } = linearize(run, tensors, 'valueAndGrad');
    const gradients = pullback([ones(outputs[0]!)]).map((gradient, i) => gradient ?? zeros(tensors[i]!));
    let next = 0;
    const packed = flats.map((flat) => flat.pack(flat.leaves.map(() => gradients[next++])));
    return [value as R, typeof argnums === 'number' ? packed[0] : packed];
  };
}
const isNumbers = (value: unknown): boolean =>
  Array.isArray(value) && value.length > 0 && (typeof value[0] === 'number' || isNumbers(value[0]));

/** Options of `jacobian`. */
export interface JacobianOptions {
  /** Which argument (or arguments) to differentiate with respect to. Default 0. */
  argnums?: number | readonly number[];
}
/**
 * A function that gives the Jacobian of `fn`, which returns one tensor: of the output's shape, then the argument's; an array of them when
 * `argnums` is an array. In reverse mode, as `jax.jacrev`.
 */
export function jacobian(
  fn: (...args: Tensor[]) => Tensor,
  { argnums = 0 }: JacobianOptions = {},
): (...args: TensorLike[]) => Tensor | Tensor[] {
  return (...args) => {
    const tensors = args.map((arg) => toTensor(arg, null, 'jacobian'));
    const picked = typeof argnums === 'number' ? [argnums] : argnums;
    const { outputs, pullback } = linearize(fn, tensors, 'jacobian');
    if (outputs.length !== 1) throw new TypeError(`jacobian: the function must return one tensor, received ${outputs.length}`);
    const found = jacobianRows(outputs[0]!, tensors, (seed) => pullback([seed]));
    const results = picked.map((i) => {
      if (tensors[i] === undefined) throw new RangeError(`jacobian: argnums ${show(argnums)} names no argument of ${args.length}`);
      return found[i] ?? filled([...outputs[0]!.shape, ...tensors[i].shape], 0, outputs[0]!.dtype);
    });
    return typeof argnums === 'number' ? results[0]! : results;
  };
}

/** A function that gives the gradients of a scalar-valued `fn`; with `hasAux`, `[gradients, auxiliary]`. As `jax.grad`. */
export function grad<A extends unknown[]>(fn: (...args: A) => unknown, options: GradOptions = {}): (...args: A) => unknown {
  const both = valueAndGrad(fn, options);
  return (...args) => {
    const [value, gradients] = both(...args);
    return options.hasAux === true ? [gradients, (value as readonly unknown[])[1]] : gradients;
  };
}

/** Options of `jvp`. */
export interface JvpOptions {
  /** Whether `fun` returns `[output, auxiliary]`. Default false. */
  hasAux?: boolean;
}
/** Arguments of a function that `jvp` differentiates: tensors, or structures of them. */
export type JvpInputs = readonly Nested<TensorLike>[];
type JvpSymbols = readonly Nested<TensorLike | KerasTensor>[];

/** The tensors of the arguments and of their tangents, checked against each other. */
function directionsOf(
  primals: JvpInputs,
  tangents: JvpInputs,
): { inputs: Tensor[]; directions: Tensor[]; pack: (leaves: readonly unknown[]) => unknown[] } {
  for (const [name, value] of Object.entries({ primals, tangents })) {
    if (!Array.isArray(value))
      throw new TypeError(`jvp: ${name} must be an array with an entry for each argument of the function, received ${show(value)}`);
  }
  if (primals.length !== tangents.length) throw new RangeError(`jvp: ${primals.length} primals and ${tangents.length} tangents`);
  const isInput = (value: unknown): boolean => value !== primals && value !== tangents && isNumbers(value);
  const [at, along] = [flatten<TensorLike>(primals, isInput), flatten<TensorLike>(tangents, isInput)];
  if (at.leaves.length !== along.leaves.length)
    throw new TypeError(
      `jvp: the tangents must have the structure of the primals, received ${along.leaves.length} tangents for ${at.leaves.length} primals`,
    );
  const inputs = at.leaves.map((primal) => toTensor(primal, null, 'jvp'));
  const directions = along.leaves.map((tangent, i) => toTensor(tangent, inputs[i]!.dtype, 'jvp'));
  directions.forEach((direction, i) => {
    if (!sameShape(direction.shape, inputs[i]!.shape))
      throw new RangeError(`jvp: tangent ${i} has shape ${showShape(direction.shape)}, expected ${showShape(inputs[i]!.shape)}`);
  });
  return { inputs, directions, pack: (leaves) => at.pack(leaves) as unknown[] };
}

function jvpOf(
  fun: (...inputs: never[]) => unknown,
  primals: JvpInputs,
  tangents: JvpInputs,
  { hasAux = false }: JvpOptions = {},
): unknown[] {
  if (typeof fun !== 'function') throw new TypeError(`jvp: expected a function, received ${show(fun)}`);
  const { inputs, directions, pack } = directionsOf(primals, tangents);
  let auxiliary: unknown[] = [];
  const run = (...xs: Tensor[]): unknown => {
    const result: unknown = fun(...(pack(xs) as never[]));
    if (!hasAux) return result;
    if (!Array.isArray(result) || result.length !== 2)
      throw new TypeError(`jvp: with hasAux the function must return [output, auxiliary], received ${show(result)}`);
    auxiliary = [result[1]];
    return result[0];
  };
  const { output, outputs, derivatives } = pushForward(run, inputs, directions, 'jvp');
  return [output, flatten(output).pack(outputs.map((result, i) => derivatives[i] ?? zeros(result))), ...auxiliary];
}

/** The signatures of `jvp`: on tensors, and on structures or symbols. */
interface Jvp {
  <R extends Nested<Tensor>, X>(
    fun: (...inputs: Tensor[]) => readonly [R, X],
    primals: readonly TensorLike[],
    tangents: readonly TensorLike[], options: { hasAux: true },
  ): [R, R, X];
  <R extends Nested<Tensor>>(
    fun: (...inputs: Tensor[]) => R, primals: readonly TensorLike[], tangents: readonly TensorLike[], options?: { hasAux?: false },
  ): [R, R];
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- structures of tensors or symbols, as the function has them
  (fun: (...inputs: any[]) => unknown, primals: JvpSymbols, tangents: JvpSymbols, options?: JvpOptions): any[];
}
/**
 * The value of `fun` at `primals` and its derivative in the direction of `tangents`: `[output, derivative]`, with `hasAux` `[output,
 * derivative, auxiliary]`. The derivative has the structure and shapes of the output, zeros where that does not change. `primals` and
 * `tangents` have an entry for each argument, a tensor or a structure of tensors. In forward mode, through all control flow; on symbols it
 * is an operation of the model. As `jax.jvp` and `keras.ops.jvp`.
 * @throws for tangents of another structure or shape than the primals.
 */
export const jvp = publicOp('jvp', jvpOf, ['hasAux']) as Jvp;

/** What `gradFn` may return: the gradient of the only input, or gradients of all of them; null for none. */
type GradientsOfInputs = Nested<Tensor | null>;
/** The gradients that a `gradFn` returned, checked against the inputs. */
function checkedGradients(returned: GradientsOfInputs | undefined, inputs: readonly Tensor[]): (Tensor | null)[] {
  const gradients = flatten<Tensor | Variable | null | undefined>(returned).leaves;
  if (gradients.length !== inputs.length)
    throw new RangeError(`customGradient: gradFn must return ${inputs.length} gradients, one for each input, received ${gradients.length}`);
  return inputs.map((input, i) => {
    const gradient = gradients[i] ?? null;
    if (gradient === null || !isInexact(input.dtype)) return null;
    const tensor = toTensor(gradient, null, 'customGradient');
    if (!sameShape(tensor.shape, input.shape))
      throw new RangeError(
        `customGradient: gradFn returned a gradient of shape ${showShape(tensor.shape)} for input ${i} of shape ${showShape(input.shape)}`,
      );
    return castTo(tensor, input.dtype);
  });
}

/**
 * A function with a gradient of its own. `fn(...args)` takes tensors or nested structures of them and returns `[output, gradFn]`, the
 * output a tensor or a structure. `gradFn(...cotangents, { upstream })` gets a cotangent for each tensor of the output (also as `upstream`,
 * in the output's structure) and returns a gradient for each tensor of the arguments, null for none. What it computes differentiates again.
 * As `keras.ops.custom_gradient`.
 * @throws when `gradFn` returns another number of gradients than there are inputs, or one of another shape.
 */
export function customGradient<A extends unknown[], R>(
  fn: (...args: A) => readonly [R, (...cotangents: never[]) => GradientsOfInputs],
): (...args: { [K in keyof A]: A[K] extends Tensor ? TensorLike : A[K] }) => R {
  if (typeof fn !== 'function') throw new TypeError(`customGradient: expected a function, received ${show(fn)}`);
  return (...args) => {
    const flat = flatten<TensorLike>(args, (value) => value !== args && isNumbers(value));
    const inputs = flat.leaves.map((leaf) => toTensor(leaf, null, 'customGradient'));
    const given = flat.pack(inputs) as A;
    const returned: unknown = fn(...given);
    if (!Array.isArray(returned) || returned.length !== 2 || typeof returned[1] !== 'function')
      throw new TypeError(`customGradient: the function must return [output, gradFn], received ${show(returned)}`);
    const [output, gradFn] = returned as [R, (...cotangents: unknown[]) => GradientsOfInputs];
    const outputs = tensorLeaves(output, 'customGradient');
    const structure = flatten(output);
    // The rule is part of the call, not of the op, so the op is made for the call.
    const op = defineOp('custom_gradient', {
      infer: (specs) => specs.slice(0, outputs.length),
      vjp: (given) => {
        const cotangents = given.map((cotangent, i) => cotangent ?? zeros(outputs[i]!));
        return [...outputs.map(() => null), ...checkedGradients(gradFn(...cotangents, { upstream: structure.pack(cotangents) }), inputs)];
      },
      lower: 'alias',
      unique: true,
    });
    return structure.pack(bind(op, [...outputs, ...inputs])) as R;
  };
}
