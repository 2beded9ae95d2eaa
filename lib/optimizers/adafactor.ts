// Adafactor: Adam with mean squares of rows and columns only.
import { bool, float, keyed, withDefault } from '../config/fields.js';
import type { OptionsOf } from '../config/configurable.js';
import { configured } from '../config/configurable.js';
import type { Tensor } from '../core/tensor.js';
import type { Variable } from '../core/variable.js';
import * as ops from '../ops/index.js';
import { learningRate, OptimizerFamily, type OptimizerOptions } from './optimizer.js';

const schema = {
  learningRate: learningRate(0.001),
  /** The means of the squares keep the share `1 - t^beta2Decay` in step t. */
  beta2Decay: keyed('beta_2_decay', withDefault(float(), -0.8)),
  /** Added to the squared gradients. */
  epsilon1: keyed('epsilon_1', withDefault(float(), 1e-30)),
  /** The least size of the weights that steps are relative to. */
  epsilon2: keyed('epsilon_2', withDefault(float(), 0.001)),
  /** Root mean square of a step above which it is scaled down. */
  clipThreshold: withDefault(float(), 1),
  /** Part of Keras's config, without an effect there too: the rate is `1 / √t` at most in any case. */
  relativeStep: bool(true),
} as const;

/** Options of `Adafactor`. */
export type AdafactorOptions = OptionsOf<typeof schema> & OptimizerOptions;

const rootMeanSquare = (x: Tensor | Variable): Tensor => ops.sqrt(ops.mean(ops.square(x)));

/** Means of the squares of one variable: of its rows and columns, and those of its elements that follow. */
interface Moments {
  readonly rows: Variable;
  readonly columns: Variable;
  readonly elements: Variable;
}

/**
 * `w -= max(epsilon2, rms(w)) · min(rate, 1/√t) · u / max(1, rms(u) / clipThreshold)` with `u = g / √v`; for weights with two axes or more,
 * `v` is the product of the running means of the squared gradients' rows and columns, relative to their common mean (Shazeer and Stern,
 * 2018).
 */
export class Adafactor extends configured(OptimizerFamily, 'Adafactor', schema, ['learningRate']) {
  private moments: Moments[] = [];

  override build(variables: readonly Variable[]): void {
    if (this.built) return;
    super.build(variables);
    variables.forEach((variable, i) => {
      const [rows, columns] = this.factorsOf(variable);
      if (!variable.overwriteWithGradient)
        this.moments[i] = { rows, columns, elements: this.addVariableFromReference(variable, { name: 'velocity' }) };
    });
  }
  private factorsOf({ shape, dtype, name }: Variable): [rows: Variable, columns: Variable] {
    const make = (sizes: readonly number[]): Variable => this.addVariable(sizes, { dtype, name });
    // As in Keras, vectors have two variables that are not used.
    const unused = (): Variable => this.addScalar(0, 'int32', name);
    return shape.length < 2 ? [unused(), unused()] : [make(shape.slice(0, -1)), make([...shape.slice(0, -2), shape.at(-1)!])];
  }

  override updateStep(gradient: Tensor, variable: Variable, rate: Variable | Tensor): void {
    const { epsilon1, epsilon2, clipThreshold, beta2Decay } = this.config;
    const step = this.stepOf(variable);
    // As in Keras, the rate is 1/√t at most with or without relativeStep.
    const relative = ops.minimum(ops.cast(rate, variable.dtype), ops.divide(1, ops.sqrt(step)));
    const alpha = ops.multiply(ops.maximum(rootMeanSquare(variable), epsilon2), relative);
    const elements = this.updateMoments(ops.add(ops.square(gradient), epsilon1), variable, ops.subtract(1, ops.power(step, beta2Decay)));
    const update = ops.divide(gradient, ops.sqrt(elements));
    const scale = ops.divide(alpha, ops.maximum(ops.divide(rootMeanSquare(update), clipThreshold), 1));
    variable.assignSub(ops.multiply(update, scale));
  }

  /** Takes squares into account, of which the means keep the share `kept`; gives the means for the elements. */
  private updateMoments(squares: Tensor, variable: Variable, kept: Tensor): Variable {
    const { rows, columns, elements } = this.moments[this.indexOf(variable)]!;
    const blend = (mean: Variable, x: Tensor): void => {
      mean.assign(ops.add(ops.multiply(mean, kept), ops.multiply(x, ops.subtract(1, kept))));
    };
    if (variable.ndim < 2) blend(elements, squares);
    else {
      blend(rows, ops.mean(squares, { axis: -1 }));
      blend(columns, ops.mean(squares, { axis: -2 }));
      const shares = ops.divide(rows, ops.mean(rows, { axis: -1, keepdims: true }));
      elements.assign(ops.multiply(ops.expandDims(shares, -1), ops.expandDims(columns, -2)));
    }
    return elements;
  }
}
