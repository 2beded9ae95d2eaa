// The model that trains a student by the outputs of its teacher.
import { explain, show } from '../base/errors.js';
import { showShape } from '../base/shape.js';
import { byPosition } from '../base/keywords.js';
import { camelKeys } from '../base/names.js';
import type { Config } from '../config/configurable.js';
import { deserializeKerasObject, serializeKerasObject } from '../config/serialization.js';
import { scalarTensor } from '../core/convert.js';
import { Tensor } from '../core/tensor.js';
import type { Symbols } from '../symbolic/function.js';
import type { KerasTensor } from '../symbolic/keras-tensor.js';
import type { LossFunction } from '../losses/loss-function-wrapper.js';
import { Mean } from '../metrics/classes.js';
import { type CompileOptions, Model, type ModelOptions } from '../models/model.js';
import * as ops from '../ops/index.js';
import { flatten, mapStructure } from '../tree/index.js';
import type { DistillationLoss, FeatureDistillation } from './losses.js';
import { meanLoss, type NestedLoss, nestedLoss, serializeNested, sumOverOutputs } from './nested-loss.js';

/** Options of `Distiller`. */
export interface DistillerOptions extends ModelOptions {
  /** Factors of the distillation losses, one for each; null (default): all 1. */
  distillationLossWeights?: readonly number[] | null;
  /** Share of the student's own loss, from 0 to 1; the distillation losses have the rest. Default 0.5. */
  studentLossWeight?: number;
}
/** One loss between teacher and student, or several. */
export type DistillationLosses = DistillationLoss | readonly DistillationLoss[];

/** The key of a model's own output among its features. */
const OUTPUT = 'final_output';
type Features = Record<string, unknown>;

/**
 * A model that trains a smaller one, the student, by targets and by the outputs of a trained one, the teacher, which is frozen:
 *
 * ```ts
 * const distiller = new keras.distillation.Distiller(teacher, student, new keras.distillation.LogitsDistillation({ temperature: 3 }));
 * distiller.compile({ optimizer: 'adam', loss: 'sparse_categorical_crossentropy', metrics: ['accuracy'] });
 * await distiller.fit(x, y, { epochs: 10 });
 * const trained = distiller.student;
 * ```
 * Its loss is `w * studentLoss + (1 - w) * Σ weight_i * distillationLoss_i` with the `studentLossWeight` w. As in Keras, sample and class
 * weights act on metrics alone. It computes what the student computes, and is saved with both.
 * @throws for models whose inputs or outputs differ in shape or dtype, for weights out of range, and for losses that do not fit the models.
 */
export class Distiller extends Model {
  static override readonly className: string = 'Distiller';
  static override readonly module = 'keras.distillation';
  /** The model that is imitated; not trained. */
  readonly teacher: Model;
  /** The model that is trained. */
  readonly student: Model;
  readonly distillationLosses: readonly DistillationLoss[];
  readonly distillationLossWeights: readonly number[];
  readonly studentLossWeight: number;
  /** Of the batches since the last reset, as the log keys `student_loss`, `distillation_loss` and `total_loss`. */
  readonly studentLossTracker: Mean;
  readonly distillationLossTracker: Mean;
  readonly totalLossTracker: Mean;
  private readonly teacherFeatures: Model | null;
  private readonly studentFeatures: Model | null;
  #studentLoss: NestedLoss | null = null;

  constructor(teacher: Model, student: Model, distillationLosses: DistillationLosses, options?: DistillerOptions);
  constructor(named: { teacher: Model; student: Model; distillationLosses: DistillationLosses } & DistillerOptions);
  constructor(...args: unknown[]) {
    const [teacher, student, losses, options = {}] = byPosition('Distiller', args, ['teacher', 'student', 'distillationLosses']) as [
      Model,
      Model,
      DistillationLosses,
      DistillerOptions?,
    ];
    const { distillationLossWeights = null, studentLossWeight = 0.5, name = 'distiller', ...ofModel } = options;
    super({ name, ...ofModel });
    checkModels(this.name, teacher, student);
    this.teacher = teacher;
    this.student = student;
    if (typeof studentLossWeight !== 'number' || !(studentLossWeight >= 0 && studentLossWeight <= 1))
      throw new RangeError(`${this.name}: studentLossWeight must be a number from 0 to 1, received ${show(studentLossWeight)}`);
    this.studentLossWeight = studentLossWeight;
    this.distillationLosses = listOfLosses(this.name, losses);
    this.distillationLossWeights = listOfWeights(this.name, distillationLossWeights, this.distillationLosses.length);
    this.distillationLosses.forEach((loss) => loss.validateModelCompatibility(teacher, student));
    const namesOf = (side: 'teacherLayerName' | 'studentLayerName') =>
      this.distillationLosses.map((loss) => (loss as Partial<FeatureDistillation>)[side] ?? null).filter((name) => name !== null);
    this.teacherFeatures = featuresOf(teacher, namesOf('teacherLayerName'));
    this.studentFeatures = featuresOf(student, namesOf('studentLayerName'));
    teacher.trainable = false;
    this.studentLossTracker = new Mean({ name: 'student_loss' });
    this.distillationLossTracker = new Mean({ name: 'distillation_loss' });
    this.totalLossTracker = new Mean({ name: 'total_loss' });
  }

  /**
   * As `Model.compile`, with the student's loss, or the losses of its outputs in their structure, and `'adam'` as default optimizer.
   * @throws without a loss.
   */
  override compile({ optimizer = 'adam', loss = null, ...options }: CompileOptions = {}): void {
    if (loss === null) throw new TypeError(`${this.name}: compile needs the student's loss: compile({ loss: … })`);
    const studentLoss = nestedLoss(loss, `${this.name}: loss`);
    super.compile({ ...options, optimizer });
    this.#studentLoss = studentLoss;
  }
  override get loss(): CompileOptions['loss'] & {} | null {
    return this.#studentLoss as never;
  }
  override getCompileConfig(): Config {
    const config = super.getCompileConfig();
    return this.#studentLoss === null ? config : { ...config, loss: serializeNested(this.#studentLoss) };
  }
  /** Compiles as `getCompileConfig` says. Files that Keras wrote lack the student's loss: they leave the model as it is, with a warning. */
  override compileFromConfig(config: Config): void {
    if ((config.loss ?? null) === null) super.compileFromConfig(config);
    else this.compileAgain(config);
  }

  override call(inputs: unknown, { training }: { training?: boolean | null } = {}): unknown {
    return this.student.invoke(inputs, { training });
  }

  override computeLoss({ x, y = null, yPred = null, training = true }: Parameters<Model['computeLoss']>[0]): Tensor {
    const predictions = yPred ?? this.invoke(x, { training });
    const share = this.studentLossWeight;
    const own = share > 0 && y !== null ? this.ownLoss(y, predictions) : scalarTensor(0, 'float32');
    const distilled = share < 1 ? this.distillationLoss(x, predictions) : scalarTensor(0, 'float32');
    const total = ops.add(ops.multiply(share, own), ops.multiply(1 - share, distilled));
    this.studentLossTracker.updateState(own);
    this.distillationLossTracker.updateState(distilled);
    this.totalLossTracker.updateState(total);
    return total;
  }

  /** The student's loss by its targets: the mean of one loss; the sum, over samples too, of the losses of several outputs, as in Keras. */
  private ownLoss(y: unknown, yPred: unknown): Tensor {
    if (this.#studentLoss === null) throw new Error(`${this.name}: call compile() before fit()`);
    const several = flatten(this.#studentLoss).length > 1;
    return explain(
      () => `${this.name}: the student's loss`,
      () => sumOverOutputs(this.#studentLoss!, y, yPred, several ? sumLoss : meanLoss),
    );
  }

  private distillationLoss(x: unknown, yPred: unknown): Tensor {
    const taught: Features = this.teacherFeatures === null
      ? { [OUTPUT]: this.teacher.invoke(x, { training: false }) }
      : (this.teacherFeatures.invoke(x, { training: false }) as Features);
    const learned: Features = this.studentFeatures === null
      ? { [OUTPUT]: yPred }
      : (this.studentFeatures.invoke(x, { training: true }) as Features);
    return this.distillationLosses
      .map((loss, i) => {
        const { teacherLayerName = null, studentLayerName = null } = loss as Partial<FeatureDistillation>;
        const a = taught[teacherLayerName ?? OUTPUT];
        const b = teacherLayerName === null ? yPred : learned[studentLayerName ?? OUTPUT];
        loss.validateOutputs(a, b);
        const value = loss.computeLoss(a, b);
        if (!(value instanceof Tensor) || value.ndim > 0)
          throw new TypeError(`${loss.constructor.name}: computeLoss must return a scalar tensor, received ${show(value)}`);
        return ops.multiply(this.distillationLossWeights[i]!, value);
      })
      .reduce((sum, part) => ops.add(sum, part), scalarTensor(0, 'float32'));
  }

  override getConfig(): Config {
    return {
      ...super.getConfig(),
      teacher: serializeKerasObject(this.teacher),
      student: serializeKerasObject(this.student),
      distillation_losses: serializeKerasObject(this.distillationLosses),
      distillation_loss_weights: this.distillationLossWeights,
      student_loss_weight: this.studentLossWeight,
    };
  }
  static override fromConfig(config: Config): Distiller {
    const { teacher, student, distillation_losses: losses, ...rest } = config;
    const [a, b, list] = [teacher, student, losses].map((part) => deserializeKerasObject(part)) as [Model, Model, DistillationLoss[]];
    return new this(a, b, list, camelKeys(deserializeKerasObject(rest) as Record<string, unknown>));
  }
}

const sumLoss: typeof meanLoss = (loss, yTrue, yPred) => ops.sum((loss as LossFunction)(yTrue, yPred));

function listOfLosses(where: string, given: unknown): readonly DistillationLoss[] {
  const list: unknown[] = Array.isArray(given) ? given : [given];
  const isLoss = (loss: unknown): boolean => typeof (loss as Partial<DistillationLoss> | null)?.computeLoss === 'function';
  if (list.length > 0 && list.every(isLoss)) return list as DistillationLoss[];
  throw new TypeError(
    `${where}: distillationLosses must be a distillation loss, such as LogitsDistillation or FeatureDistillation, or an array of them, ` +
      `received ${show(given)}`,
  );
}

function listOfWeights(where: string, given: readonly number[] | null, count: number): readonly number[] {
  const weights = given ?? Array.from({ length: count }, () => 1);
  if (Array.isArray(weights) && weights.length === count && weights.every((weight) => Number.isFinite(weight))) return weights;
  throw new TypeError(
    `${where}: distillationLossWeights must be ${count} number${count === 1 ? '' : 's'}, one for each loss, received ${show(given)}`,
  );
}

/** Throws unless both are models, with inputs and outputs of the same shapes and dtypes where they are known. */
function checkModels(where: string, teacher: unknown, student: unknown): void {
  for (const [role, model] of [['teacher', teacher], ['student', student]] as const)
    if (!(model instanceof Model)) throw new TypeError(`${where}: the ${role} must be a Model, received ${show(model)}`);
  const [a, b] = [teacher as Model, student as Model];
  if (a.network === null || b.network === null) return;
  for (const side of ['input', 'output'] as const) {
    const structures = [a.firstSymbols(side), b.firstSymbols(side)];
    explain(
      () => `${where}: the ${side}s of teacher and student must be alike`,
      () => mapStructure((x: KerasTensor, y: KerasTensor) => checkAlike(x, y), ...structures),
    );
  }
}

function checkAlike(a: KerasTensor, b: KerasTensor): void {
  const fits = a.shape.length === b.shape.length && a.shape.every((size, i) => size === null || b.shape[i] === null || size === b.shape[i]);
  if (!fits) throw new RangeError(`the teacher has shape ${showShape(a.shape)}, the student ${showShape(b.shape)}`);
  if (a.dtype !== b.dtype) throw new TypeError(`the teacher has dtype ${a.dtype}, the student ${b.dtype}`);
}

/** A model that gives the outputs of these layers besides its own, by their names; null without layers. */
function featuresOf(model: Model, names: readonly string[]): Model | null {
  if (names.length === 0) return null;
  const outputs = Object.fromEntries(names.map((name) => [name, model.getLayer(name).firstSymbols('output')]));
  return new Model(model.inputs, { [OUTPUT]: model.firstSymbols('output'), ...outputs } as Symbols, {
    name: `${model.name}_multi_feature_extractor`,
  });
}
