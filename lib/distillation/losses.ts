// What a student learns from its teacher (G. Hinton, O. Vinyals, J. Dean, "Distilling the Knowledge in a Neural Network", 2015; A. Romero
// and others, "FitNets", 2015).
import type { AnyClass } from '../base/class.js';
import { camelKeys } from '../base/names.js';
import { configured, type Config } from '../config/configurable.js';
import { float, nullable, type Schema, string, withDefault } from '../config/fields.js';
import { type Tensor } from '../core/tensor.js';
import { KLDivergence } from '../losses/classes.js';
import { type Model } from '../models/model.js';
import * as ops from '../ops/index.js';
import { assertSameStructure, mapStructure } from '../tree/index.js';
import { meanLoss, nestedLossField, sumOverOutputs } from './nested-loss.js';

/**
 * Base of the losses between teacher and student. One of your own overrides `computeLoss`:
 *
 * ```ts
 * class Cosine extends keras.distillation.DistillationLoss {
 *   computeLoss(teacher, student) { return ops.mean(keras.losses.cosineSimilarity(teacher, student)); }
 * }
 * ```
 */
export class DistillationLoss {
  /** @internal */
  static readonly baseSchema: Schema = {};

  /** The loss between what teacher and student give, a scalar: tensors, or structures of tensors. Override it. */
  computeLoss(_teacherOutputs: unknown, _studentOutputs: unknown): Tensor {
    throw new Error(`${this.constructor.name}: a distillation loss must have a method computeLoss(teacherOutputs, studentOutputs)`);
  }
  /** @throws when the outputs of teacher and student differ in structure. */
  validateOutputs(teacherOutputs: unknown, studentOutputs: unknown): void {
    assertSameStructure(teacherOutputs, studentOutputs);
  }
  /** @throws when the models cannot be used with this loss. */
  validateModelCompatibility(_teacher: Model, _student: Model): void {
    // All models fit unless a loss says otherwise.
  }

  /** The options, as plain data with snake_case keys. */
  getConfig(): Config {
    return {};
  }
  /** Makes an instance from what `getConfig` gave. */
  static fromConfig<T>(this: AnyClass<T>, config: Config): T {
    const options = camelKeys(config);
    return new (this as unknown as new (options: object) => T)(options);
  }
}

/**
 * The loss between the outputs of teacher and student, both divided by a temperature. With an instance of `losses.KLDivergence` they are
 * logits, of which the softmax is taken, and the loss is multiplied by the square of the temperature; other losses, the function
 * `'kl_divergence'` among them, get the divided outputs as they are. The formulas are those of Keras.
 * @throws for a temperature of 0 or less, and without any loss.
 */
export class LogitsDistillation extends configured(DistillationLoss, 'LogitsDistillation', {
  /** What outputs are divided by: above 0; usual are 3 to 5. Default 3. */
  temperature: withDefault(float({ above: 0 }), 3),
  /** The loss, or the losses of several outputs in their structure, with null for an output that is left out. Default `'kl_divergence'`. */
  loss: nestedLossField('kl_divergence'),
}) {
  override computeLoss(teacherOutputs: unknown, studentOutputs: unknown): Tensor {
    const { temperature, loss: losses } = this.config;
    const divided = (outputs: unknown): unknown => mapStructure((x: Tensor) => ops.divide(x, temperature), outputs);
    return sumOverOutputs(losses, divided(teacherOutputs), divided(studentOutputs), (loss, teacher, student) =>
      loss instanceof KLDivergence
        ? ops.multiply(meanLoss(loss, ops.softmax(teacher), ops.softmax(student)), temperature ** 2)
        : meanLoss(loss, teacher, student),
    );
  }
}

/**
 * The loss between the outputs of a layer of the teacher and one of the student, or of both models.
 * @throws without any loss, and, in `Distiller`, for layers that the models do not have and layers of subclassed models.
 */
export class FeatureDistillation extends configured(DistillationLoss, 'FeatureDistillation', {
  /** The loss, or the losses of several outputs in their structure, with null for an output that is left out. Default `'mse'`. */
  loss: nestedLossField('mse'),
  /** Name of the teacher's layer; null (default): the model's output. */
  teacherLayerName: nullable(string()),
  /** Name of the student's layer; null (default): the model's output. */
  studentLayerName: nullable(string()),
}) {
  override validateModelCompatibility(teacher: Model, student: Model): void {
    const { teacherLayerName, studentLayerName } = this.config;
    const sides = [['teacher', teacher, teacherLayerName], ['student', student, studentLayerName]] as const;
    if (teacherLayerName === null && studentLayerName === null) return;
    for (const [side, model] of sides) {
      if (model.network === null)
        throw new TypeError(
          `FeatureDistillation: layers by name need a functional or sequential model that is built, but the ${side} '${model.name}' is none; ` +
            'leave the names out to compare outputs, or use LogitsDistillation',
        );
    }
    for (const [side, model, name] of sides) {
      if (name === null) continue;
      try {
        model.getLayer({ name });
      } catch (error) {
        throw new RangeError(`FeatureDistillation: in the ${side}: ${(error as Error).message}`, { cause: error });
      }
    }
  }
  override validateOutputs(teacherOutputs: unknown, studentOutputs: unknown): void {
    super.validateOutputs(teacherOutputs, studentOutputs);
    try {
      assertSameStructure(this.config.loss, teacherOutputs);
    } catch (error) {
      throw new TypeError(`FeatureDistillation: losses and outputs differ in structure: ${(error as Error).message}`, { cause: error });
    }
  }
  override computeLoss(teacherOutputs: unknown, studentOutputs: unknown): Tensor {
    return sumOverOutputs(this.config.loss, teacherOutputs, studentOutputs, meanLoss);
  }
}
