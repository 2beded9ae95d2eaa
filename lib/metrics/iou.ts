// Intersection over union, from a matrix of how often which class was taken for which.
import { listLength } from '../base/integers.js';
import { configured } from '../config/configurable.js';
import { bool, field, float, int, nullable, withDefault } from '../config/fields.js';
import { toTensor, type TensorLike } from '../core/convert.js';
import { isFloat, isInteger } from '../base/dtype.js';
import { checkOptions } from '../base/errors.js';
import { settings } from '../base/settings.js';
import { Tensor } from '../core/tensor.js';
import type { Variable } from '../core/variable.js';
import * as ops from '../ops/index.js';
import { Metric, type MetricOptions, type UpdateArguments, type UpdateOptions } from './metric.js';

const numClasses = int({ min: 1 });
const targetClassIds = field<readonly number[]>('an array of integers >= 0', (v) =>
  Array.isArray(v) && v.length > 0 && v.every((id) => Number.isInteger(id) && (id as number) >= 0) ? (v as number[]) : undefined);
const ignoreClass = nullable(int());
const axis = withDefault(int(), -1);

/** How a matrix of classes is made and read. */
interface MatrixOptions {
  readonly numClasses: number;
  readonly targetClassIds: readonly number[];
  readonly ignoreClass: number | null;
  readonly sparseYTrue: boolean;
  readonly sparseYPred: boolean;
  readonly axis: number;
}

/** The state of these metrics: how often (with weights) each class, a row, was predicted as each class, a column. */
class ClassMatrix {
  private readonly matrix: Variable;

  readonly options: MatrixOptions;

  constructor(private readonly metric: Metric, given: Partial<MatrixOptions> & { readonly numClasses: number }) {
    const {
      numClasses: count,
      targetClassIds: ids = Array.from({ length: listLength('MeanIoU', 'numClasses', count) }, (_, i) => i),
      ignoreClass: ignored = null,
      sparseYTrue = true,
      sparseYPred = true,
      axis: along = -1,
    } = given;
    this.options = { numClasses: count, targetClassIds: ids, ignoreClass: ignored, sparseYTrue, sparseYPred, axis: along };
    const wrong = ids.find((id) => id >= count);
    if (wrong !== undefined)
      throw new RangeError(`${metric.constructor.name}: targetClassIds has ${wrong}, but there are the classes 0 to ${count - 1}`);
    this.matrix = metric.addVariable([count, count], 'zeros', { name: 'total_confusion_matrix', dtype: metric.dtype });
  }

  private weights(given: TensorLike, size: number): Tensor {
    const { name, dtype } = this.metric;
    if (given instanceof Tensor && isFloat(given.dtype) && isInteger(dtype)) {
      process.emitWarning(
        `${name}: sampleWeight is ${given.dtype}, but the metric counts in ${dtype}: the weights lose their fractions. Set the ` +
          `metric's dtype, or use whole weights.`,
      );
    }
    const weights = toTensor(given, dtype, `${name}: sampleWeight`);
    return ops.broadcastTo(weights.ndim > 1 ? ops.reshape(weights, [-1]) : weights, [size]);
  }

  update(yTrue: TensorLike, yPred: TensorLike, sampleWeight: TensorLike | null): void {
    const { name, dtype } = this.metric;
    const { numClasses: count, ignoreClass: ignored, sparseYTrue, sparseYPred, axis: along } = this.options;
    const classes = (y: TensorLike, sparse: boolean): Tensor => {
      const given = toTensor(y, null, name);
      return ops.reshape(ops.cast(sparse ? given : ops.argmax(given, { axis: along }), dtype), [-1]);
    };
    const [t, p] = [classes(yTrue, sparseYTrue), classes(yPred, sparseYPred)];
    const known = (y: Tensor): Tensor => ops.logicalAnd(ops.greaterEqual(y, 0), ops.less(y, count));
    const inBounds = ops.logicalAnd(known(t), known(p));
    const valid = ignored === null ? inBounds : ops.logicalAnd(inBounds, ops.notEqual(t, ignored));
    // What does not count is taken for class 0 with a weight of 0.
    const [row, column, weight] = [t, p, this.weights(sampleWeight ?? 1, t.size)].map((x) => ops.where(valid, x, 0)) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    const places = ops.cast(ops.stack([row, column], { axis: 1 }), 'int32');
    this.matrix.assign(ops.add(this.matrix, ops.cast(ops.scatter(places, weight, [count, count]), dtype)));
  }

  /** The mean, over the target classes that occurred, of those that are both true and predicted over those that are one of the two. */
  result(): Tensor {
    const { targetClassIds: ids } = this.options;
    const chosen = (x: Tensor): Tensor => ops.cast(ops.take(x, toTensor(ids, 'int32'), { axis: 0 }), 'float32');
    const both = ops.diag(this.matrix);
    const either = ops.subtract(ops.add(ops.sum(this.matrix, { axis: 0 }), ops.sum(this.matrix, { axis: 1 })), both);
    const [intersection, union] = [chosen(both), chosen(either)];
    const occurs = ops.greater(union, 1e-9);
    const scores = ops.where(occurs, ops.divide(intersection, ops.add(union, settings.epsilon)), 0);
    return ops.divide(ops.sum(scores), ops.add(ops.sum(ops.cast(occurs, 'float32')), settings.epsilon));
  }
}

/** What the classes are, and which of them count. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- they are defined on the prototype
interface IoUBase extends MatrixOptions {}

/** Base of these metrics: they count in int32 unless another dtype is given. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- gives instances the options as properties
class IoUBase extends Metric {
  static override readonly direction: 'up' | 'down' | null = 'up';
  static override readonly numbered: boolean = true;
  /** @internal */
  declare readonly matrix: ClassMatrix;

  constructor(options: MetricOptions = {}) {
    super({ ...options, dtype: options.dtype ?? 'int32' });
  }

  static {
    for (const name of ['numClasses', 'targetClassIds', 'ignoreClass', 'sparseYTrue', 'sparseYPred', 'axis'] as const) {
      Object.defineProperty(this.prototype, name, { get(this: IoUBase) { return this.matrix.options[name]; }, configurable: true });
    }
  }

  override updateState(...args: UpdateArguments): void;
  override updateState(yTrue: TensorLike, yPred: TensorLike, options: UpdateOptions = {}): void {
    checkOptions(this.name, options, ['sampleWeight']);
    this.matrix.update(yTrue, yPred, options.sampleWeight ?? null);
  }
  override result(): Tensor {
    return this.matrix.result();
  }
}

/**
 * The mean intersection over union of some classes: entries that are of a class and predicted as it, over those that are one of the two.
 * Entries of unknown classes do not count.
 *
 * @throws a RangeError when a target class is none of the classes.
 */
export class IoU extends configured(IoUBase, 'IoU', {
  numClasses,
  /** The classes of which the mean is taken. */
  targetClassIds,
  /** Targets of this class do not count; null: all count. Default null. */
  ignoreClass,
  /** Whether targets are class numbers; otherwise the largest entry along `axis` is the class. Default true. */
  sparseYTrue: bool(true),
  /** Whether predictions are class numbers; otherwise the largest entry along `axis` is the class. Default true. */
  sparseYPred: bool(true),
  /** The axis of the classes. Default -1. */
  axis,
}, ['numClasses', 'targetClassIds']) {
  override readonly matrix = new ClassMatrix(this, this.config);
}

/** `IoU` of two classes: predictions are of class 1 from the threshold on. */
export class BinaryIoU extends configured(IoUBase, 'BinaryIoU', {
  /** The classes of which the mean is taken. Default `[0, 1]`. */
  targetClassIds: withDefault(targetClassIds, [0, 1]),
  /** Default 0.5. */
  threshold: withDefault(float(), 0.5),
}) {
  override readonly matrix = new ClassMatrix(this, { numClasses: 2, targetClassIds: this.config.targetClassIds });

  /** Takes a batch into account: targets of 0 and 1, and predictions, which count as 1 from the threshold on. */
  override updateState(...args: UpdateArguments): void;
  override updateState(yTrue: TensorLike, yPred: TensorLike, options: UpdateOptions = {}): void {
    super.updateState(yTrue, ops.greaterEqual(toTensor(yPred, 'float32', this.name), this.config.threshold), options);
  }
}

/** The mean `IoU` of all classes. */
export class MeanIoU extends configured(IoUBase, 'MeanIoU', {
  numClasses,
  /** As in `IoU`. */
  ignoreClass,
  /** As in `IoU`. */
  sparseYTrue: bool(true),
  /** As in `IoU`. */
  sparseYPred: bool(true),
  /** As in `IoU`. */
  axis,
}, ['numClasses']) {
  override readonly matrix = new ClassMatrix(this, this.config);
}

/** `IoU` for one-hot targets. */
export class OneHotIoU extends configured(IoUBase, 'OneHotIoU', {
  numClasses,
  /** As in `IoU`. */
  targetClassIds,
  /** As in `IoU`. */
  ignoreClass,
  /** Whether predictions are class numbers; otherwise the largest entry along `axis` is the class. Default false. */
  sparseYPred: bool(false),
  /** As in `IoU`. */
  axis,
}, ['numClasses', 'targetClassIds']) {
  override readonly matrix = new ClassMatrix(this, { ...this.config, sparseYTrue: false });
}

/** The mean `IoU` of all classes, for one-hot targets. */
export class OneHotMeanIoU extends configured(IoUBase, 'OneHotMeanIoU', {
  numClasses,
  /** As in `IoU`. */
  ignoreClass,
  /** Whether predictions are class numbers; otherwise the largest entry along `axis` is the class. Default false. */
  sparseYPred: bool(false),
  /** As in `IoU`. */
  axis,
}, ['numClasses']) {
  override readonly matrix = new ClassMatrix(this, { ...this.config, sparseYTrue: false });
}
