// Muon: momentum made orthogonal, for matrices; AdamW for the rest.
import { bool, type Field, field, float, int, keyed, nullable, withDefault } from '../config/fields.js';
import type { OptionsOf } from '../config/configurable.js';
import { configured } from '../config/configurable.js';
import { showShape } from '../base/shape.js';
import type { Tensor } from '../core/tensor.js';
import type { Variable } from '../core/variable.js';
import * as ops from '../ops/index.js';
import { moveMean } from './moments.js';
import { learningRate, OptimizerFamily, type OptimizerOptions } from './optimizer.js';

const patterns: Field<readonly string[] | null, readonly RegExp[], false> = withDefault(
  field(
    'an array of regular expressions, as strings',
    (v) =>
      v === null ? [] : Array.isArray(v) && v.every((item) => typeof item === 'string') ? v.map((item) => new RegExp(item)) : undefined,
    { serialize: (list) => list.map((item) => item.source) },
  ),
  null,
);

const schema = {
  learningRate: learningRate(0.001),
  /** AdamW: share of the running mean of the gradients that a step keeps. */
  adamBeta1: keyed('adam_beta_1', withDefault(float(), 0.9)),
  /** AdamW: share of the running mean of their squares that a step keeps. */
  adamBeta2: keyed('adam_beta_2', withDefault(float(), 0.999)),
  /** AdamW: fraction of each weight that every step takes away, times the rate; null: nothing. */
  adamWeightDecay: nullable(float(), 0.004),
  epsilon: withDefault(float(), 1e-7),
  /** Fraction of each weight of the matrices that every step takes away, times the rate; null: nothing. */
  weightDecay: nullable(float(), 0.004),
  /** Regular expressions; variables with one of them in their path are left to AdamW. Default: none. */
  excludeLayers: patterns,
  /** Whether variables with `embedding` in their path are left to AdamW. */
  excludeEmbeddings: bool(true),
  /** Coefficients of the iteration `X = a X + (b A + c A²) X` with `A = X Xᵀ`. */
  muonA: withDefault(float(), 3.4445),
  muonB: withDefault(float(), -4.775),
  muonC: withDefault(float(), 2.0315),
  /** AdamW's rate relative to that of the matrices. */
  adamLrRatio: withDefault(float(), 1),
  /** Share of the sum of the gradients that a step keeps. */
  momentum: withDefault(float(), 0.95),
  /** Number of iterations that make the momentum orthogonal. */
  nsSteps: withDefault(int({ min: 0 }), 5),
  nesterov: bool(true),
  /** Steps are scaled by it times the root of the larger side, so that they are as long as Adam's; null: not scaled. */
  rmsRate: nullable(float(), 0.2),
} as const;

/** Options of `Muon`. */
export type MuonOptions = OptionsOf<typeof schema> & OptimizerOptions;

/**
 * For matrices `m = momentum · m + g; w -= rate · rmsRate · √max(rows, columns) · orthogonal(g + momentum · m)`, where the singular values
 * are brought near 1 by a few Newton-Schulz iterations (Jordan et al., 2024; Liu et al., 2025); for other variables AdamW.
 */
export class Muon extends configured(OptimizerFamily, 'Muon', schema, ['learningRate']) {
  private momentums: Variable[] = [];
  private velocities: (Variable | null)[] = [];

  private usesAdam(variable: Variable): boolean {
    const { excludeEmbeddings, excludeLayers } = this.config;
    if (variable.ndim !== 2 || (excludeEmbeddings && variable.path.toLowerCase().includes('embedding'))) return true;
    return excludeLayers.some((pattern) => pattern.test(variable.path));
  }

  override build(variables: readonly Variable[]): void {
    if (this.built) return;
    super.build(variables);
    variables.forEach((variable, i) => {
      if (variable.overwriteWithGradient) return;
      this.momentums[i] = this.addVariableFromReference(variable, { name: 'momentum' });
      this.velocities[i] = this.usesAdam(variable) ? this.addVariableFromReference(variable, { name: 'velocity' }) : null;
    });
  }

  protected override weightDecayOf(variable: Variable): number | null {
    return this.usesAdam(variable) ? this.config.adamWeightDecay : this.weightDecay;
  }

  override updateStep(gradient: Tensor, variable: Variable, rate: Variable | Tensor): void {
    const index = this.indexOf(variable);
    const [m, v] = [this.momentums[index]!, this.velocities[index]!];
    const lr = ops.cast(rate, variable.dtype);
    if (v === null) this.updateMatrix(gradient, variable, lr, m);
    else this.updateByAdam(gradient, variable, ops.multiply(lr, this.config.adamLrRatio), [m, v]);
  }

  private updateMatrix(gradient: Tensor, variable: Variable, lr: Tensor, m: Variable): void {
    const { momentum, nesterov, nsSteps } = this.config;
    m.assign(ops.add(ops.multiply(m, momentum), gradient));
    const direction = nesterov ? ops.add(gradient, ops.multiply(m, momentum)) : m.value;
    variable.assignSub(this.lrAdjust(ops.multiply(this.zeropowerViaNewtonschulz5(direction, nsSteps), lr)));
  }

  private updateByAdam(gradient: Tensor, variable: Variable, lr: Tensor, [m, v]: readonly [Variable, Variable]): void {
    const { adamBeta1, adamBeta2, epsilon } = this.config;
    const step = this.stepOf(variable);
    const alpha = ops.divide(
      ops.multiply(lr, ops.sqrt(ops.subtract(1, ops.power(adamBeta2, step)))),
      ops.subtract(1, ops.power(adamBeta1, step)),
    );
    moveMean(m, gradient, adamBeta1);
    moveMean(v, ops.square(gradient), adamBeta2);
    variable.assignSub(ops.divide(ops.multiply(m, alpha), ops.add(ops.sqrt(v), epsilon)));
  }

  /** The tensor with its last two axes swapped. */
  transposeLastAxis(x: Tensor): Tensor {
    return ops.swapaxes(x, -2, -1);
  }
  /** A step scaled by `rmsRate` and the root of its larger side. */
  lrAdjust(x: Tensor): Tensor {
    const { rmsRate } = this.config;
    return rmsRate === null ? x : ops.multiply(x, Math.sqrt(Math.max(x.shape[0]!, x.shape[1]!)) * rmsRate);
  }
  /** The matrix with its singular values brought near 1 by `steps` iterations. @throws a RangeError for less than two axes. */
  zeropowerViaNewtonschulz5(x: Tensor, steps: number): Tensor {
    if (x.ndim < 2) throw new RangeError(`Muon: expected a matrix, received a tensor of shape ${showShape(x.shape)}`);
    const { muonA, muonB, muonC } = this.config;
    const tall = x.shape.at(-2)! > x.shape.at(-1)!;
    const wide = tall ? this.transposeLastAxis(x) : x;
    const norm = ops.sqrt(ops.sum(ops.square(wide), { axis: [-2, -1], keepdims: true }));
    let result = ops.divide(wide, ops.add(norm, 1e-7));
    for (let i = 0; i < steps; i++) {
      const a = ops.matmul(result, this.transposeLastAxis(result));
      const b = ops.add(ops.multiply(a, muonB), ops.matmul(ops.multiply(a, muonC), a));
      result = ops.add(ops.multiply(result, muonA), ops.matmul(b, result));
    }
    return tall ? this.transposeLastAxis(result) : result;
  }
}
