// Reverse and forward differentiation over what a tape recorded: GradientTape, vjp, jvp, grad, valueAndGrad, customGradient.
import type { TensorLike } from '../core/convert.js';
import { filled, toTensor } from '../core/convert.js';
import { isFloat } from '../core/dtype.js';
import { show } from '../core/errors.js';
import { bind1, defineOp, type VjpCall } from '../core/op.js';
import { sameShape, showShape } from '../core/shape.js';
import { pausing, recording, Tape, withoutTapes } from '../core/tape.js';
import { Tensor } from '../core/tensor.js';
import { flatten, mapStructure, type Nested } from '../core/tree.js';
import { Variable } from '../core/variable.js';
import { add } from './primitives/elementwise.js';
import { identity } from './primitives/shape.js';
import { castTo } from '../core/copy.js';

/** Gradients of `targets`, weighted by `seeds`, with respect to `sources`; null where there is no path. */
function backward(tape: Tape, targets: readonly Tensor[], seeds: readonly Tensor[], sources: readonly (Tensor | Variable)[]): (Tensor | null)[] {
  const gradients = new Map<Tensor, Tensor>();
  const accumulate = (tensor: Tensor, gradient: Tensor) => {
    const known = gradients.get(tensor);
    gradients.set(tensor, known === undefined ? gradient : add(known, gradient));
  };
  targets.forEach((target, i) => {
    if (tape.follows(target)) accumulate(target, seeds[i]!);
  });
  for (const { op, inputs, outputs, attrs } of tape.entries.toReversed()) {
    const given = outputs.map((output) => gradients.get(output) ?? null);
    if (given.every((gradient) => gradient === null) || op.vjp === null) continue;
    const call: VjpCall<typeof attrs> = { inputs, outputs, attrs };
    const results = op.vjp(given, call);
    inputs.forEach((input, i) => {
      const gradient = results[i] ?? null;
      if (gradient !== null && isFloat(input.dtype) && tape.follows(input)) accumulate(input, gradient);
    });
  }
  return sources.map((source) => {
    if (source instanceof Tensor) return gradients.get(source) ?? null;
    const parts = [...tape.readsOf(source)].map((read) => gradients.get(read)).filter((part) => part !== undefined);
    return parts.length === 0 ? null : parts.reduce(add);
  });
}

const ones = (like: Tensor): Tensor => filled(like.shape, 1, like.dtype);
const zeros = (like: Tensor): Tensor => filled(like.shape, 0, like.dtype);

function tensorLeaves(structure: unknown, where: string): Tensor[] {
  return flatten(structure).leaves.map((leaf) => {
    if (leaf instanceof Tensor) return leaf;
    if (leaf instanceof Variable) return leaf.value;
    throw new TypeError(`${where}: expected tensors, received ${show(leaf)}`);
  });
}

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
      if (leaf instanceof Variable) this.tape.noteRead(leaf, withoutTapes(() => leaf.value), true);
      else if (!isFloat(leaf.dtype)) throw new TypeError(`GradientTape.watch: only float tensors have gradients, received ${leaf.dtype}`);
      else this.tape.watch(leaf);
    }
  }

  /** Runs `fn` and records it. Tapes nest. May be called several times. */
  record<T>(fn: () => T): T {
    return recording(this.tape, fn);
  }

  /**
   * Gradients of `target` (a tensor, or a structure whose gradients are added up) with respect to each source; null where
   * the target does not depend on it. `outputGradients` weights the targets' elements; default ones.
   * @throws when called a second time without `persistent`.
   */
  gradient<const S extends Sources>(target: Nested<Tensor>, sources: S, options: { outputGradients?: Nested<TensorLike>; unconnectedGradients?: 'none' | 'zero' } = {}): GradientsOf<S> {
    if (this.used && !this.persistent) throw new Error('GradientTape.gradient: may be called once; for more make the tape with persistent: true');
    this.used = true;
    const targets = tensorLeaves(target, 'GradientTape.gradient');
    const given = options.outputGradients === undefined ? null : flatten<TensorLike>(options.outputGradients).leaves;
    const seeds = targets.map((t, i) => (given === null ? ones(t) : toTensor(given[i]!, t.dtype)));
    const flat = flatten<Tensor | Variable>(sources);
    const gradients = pausing(this.tape, () => backward(this.tape, targets, seeds, flat.leaves));
    const filledIn = options.unconnectedGradients === 'zero'
      ? gradients.map((g, i) => g ?? zeros(flat.leaves[i] instanceof Variable ? flat.leaves[i].value : (flat.leaves[i] as Tensor)))
      : gradients;
    return flat.pack(filledIn) as GradientsOf<S>;
  }
}

interface Linearized {
  readonly output: unknown;
  readonly pullback: (cotangents: readonly Tensor[]) => (Tensor | null)[];
  readonly outputs: readonly Tensor[];
}

/** Runs `fn` on fresh copies of the inputs and keeps what is needed to go back. */
function linearize(fn: (...inputs: Tensor[]) => unknown, inputs: readonly Tensor[], where: string): Linearized {
  const tape = new Tape(false);
  const watched = inputs.map((input) => identity(input)); // other uses of the originals do not count
  watched.forEach((input) => tape.watch(input));
  const output = recording(tape, () => fn(...watched));
  const outputs = tensorLeaves(output, where);
  return { output, outputs, pullback: (cotangents) => pausing(tape, () => backward(tape, outputs, cotangents, watched)) };
}

/**
 * The value of `fn` at the inputs, and its pullback: from a cotangent of the output's structure to gradients of the inputs, in
 * order (zeros where the output does not depend on one). As `jax.vjp`.
 */
export function vjp<R extends Nested<Tensor>>(fn: (...inputs: Tensor[]) => R, ...inputs: TensorLike[]): [R, (cotangent: Nested<TensorLike>) => Tensor[]] {
  const tensors = inputs.map((input) => toTensor(input, null, 'vjp'));
  const { output, outputs, pullback } = linearize(fn, tensors, 'vjp');
  return [output as R, (cotangent) => {
    const leaves = outputs.length === 1 && !Array.isArray(output) ? [cotangent as TensorLike] : flatten<TensorLike>(cotangent).leaves;
    if (leaves.length !== outputs.length) throw new RangeError(`vjp: expected ${outputs.length} cotangents, received ${leaves.length}`);
    const seeds = leaves.map((leaf, i) => {
      const seed = toTensor(leaf, outputs[i]!.dtype, 'vjp');
      if (!sameShape(seed.shape, outputs[i]!.shape)) throw new RangeError(`vjp: cotangent ${i} has shape ${showShape(seed.shape)}, expected ${showShape(outputs[i]!.shape)}`);
      return seed;
    });
    return pullback(seeds).map((gradient, i) => gradient ?? zeros(tensors[i]!));
  }];
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
    for (const i of picked) if (!Number.isInteger(i) || i < 0 || i >= args.length) throw new RangeError(`valueAndGrad: argnums ${show(argnums)} names no argument of ${args.length}`);
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
      if (!(loss instanceof Tensor) || loss.size !== 1) throw new TypeError(`valueAndGrad: the function must return a scalar tensor${hasAux ? ' first' : ''}, received ${loss instanceof Tensor ? `shape ${showShape(loss.shape)}` : show(loss)}`);
      return loss;
    };
    const { outputs, pullback } = linearize(run, tensors, 'valueAndGrad');
    const gradients = pullback([ones(outputs[0]!)]).map((gradient, i) => gradient ?? zeros(tensors[i]!));
    let next = 0;
    const packed = flats.map((flat) => flat.pack(flat.leaves.map(() => gradients[next++])));
    return [value as R, typeof argnums === 'number' ? packed[0] : packed];
  };
}
const isNumbers = (value: unknown): boolean => Array.isArray(value) && value.length > 0 && (typeof value[0] === 'number' || isNumbers(value[0]));

/** A function that gives the gradients of a scalar-valued `fn`; with `hasAux`, `[gradients, auxiliary]`. As `jax.grad`. */
export function grad<A extends unknown[]>(fn: (...args: A) => unknown, options: GradOptions = {}): (...args: A) => unknown {
  const both = valueAndGrad(fn, options);
  return (...args) => {
    const [value, gradients] = both(...args);
    return options.hasAux === true ? [gradients, (value as readonly unknown[])[1]] : gradients;
  };
}

/**
 * The value of `fn` at `primals` and its derivative in the direction of `tangents`, as `jax.jvp`. Computed by differentiating the
 * pullback, which is linear in its cotangent.
 */
export function jvp<R extends Nested<Tensor>>(fn: (...inputs: Tensor[]) => R, primals: readonly TensorLike[], tangents: readonly TensorLike[]): [R, R] {
  if (primals.length !== tangents.length) throw new RangeError(`jvp: ${primals.length} primals and ${tangents.length} tangents`);
  const inputs = primals.map((primal) => toTensor(primal, null, 'jvp'));
  const directions = tangents.map((tangent, i) => toTensor(tangent, inputs[i]!.dtype, 'jvp'));
  const { output, outputs, pullback } = linearize(fn, inputs, 'jvp');
  const back = linearize((...cotangents) => pullback(cotangents).map((gradient, i) => gradient ?? zeros(inputs[i]!)), outputs.map(zeros), 'jvp');
  const derivatives = back.pullback(directions).map((derivative, i) => derivative ?? zeros(outputs[i]!));
  let next = 0;
  return [output as R, mapStructure(() => derivatives[next++], output) as R];
}

/**
 * A function with a gradient of its own. `fn` returns `[output, gradFn]`; `gradFn(upstream)` gives the gradients of the inputs, in order.
 * As `keras.ops.custom_gradient`.
 */
export function customGradient<A extends readonly Tensor[]>(
  fn: (...inputs: A) => readonly [Tensor, (upstream: Tensor) => Tensor | readonly (Tensor | null)[]],
): (...inputs: TensorLike[]) => Tensor {
  return (...inputs) => {
    const tensors = inputs.map((input) => toTensor(input, null, 'customGradient')) as unknown as A;
    const [output, gradFn] = withoutTapes(() => fn(...tensors));
    // The rule is part of the call, not of the op, so the op is made for the call.
    const op = defineOp('custom_gradient', {
      infer: ([y]) => [y!],
      vjp: ([dy]) => {
        const gradients = gradFn(dy!);
        const list = gradients instanceof Tensor ? [gradients] : gradients;
        return [null, ...tensors.map((t, i) => (list[i] ? castTo(list[i], t.dtype) : null))];
      },
      lower: 'alias',
    });
    return bind1(op, [output, ...tensors]);
  };
}
