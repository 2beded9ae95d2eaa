// InputSpec: what a layer expects of its input, and the message when something else comes.
import { show } from '../../base/errors.js';
import { HostArray } from '../../core/host-array.js';
import { KerasTensor } from '../../symbolic/keras-tensor.js';
import { showShape, type SymbolicShape } from '../../base/shape.js';
import { Tensor } from '../../core/tensor.js';

/** Options of an `InputSpec`. */
export interface InputSpecOptions {
  dtype?: string | null;
  /** The whole shape; `null` entries fit any size. */
  shape?: SymbolicShape | null;
  /** Exact number of axes. */
  ndim?: number | null;
  maxNdim?: number | null;
  minNdim?: number | null;
  /** Sizes of single axes, by axis number (negative from the end). */
  axes?: Readonly<Record<number, number | null>> | null;
  name?: string | null;
}

/** Rank, shape and sizes that a layer's input must have. Checked before the layer is called. */
export class InputSpec {
  readonly dtype: string | null;
  readonly shape: SymbolicShape | null;
  readonly ndim: number | null;
  readonly maxNdim: number | null;
  readonly minNdim: number | null;
  readonly axes: Readonly<Record<number, number | null>>;
  readonly name: string | null;

  constructor(options: InputSpecOptions = {}) {
    this.dtype = options.dtype ?? null;
    this.shape = options.shape ?? null;
    this.ndim = options.shape?.length ?? options.ndim ?? null;
    this.maxNdim = options.maxNdim ?? null;
    this.minNdim = options.minNdim ?? null;
    this.axes = options.axes ?? {};
    this.name = options.name ?? null;
  }
}

/** What is wrong with a shape, or null. */
function complaint(spec: InputSpec, shape: SymbolicShape): string | null {
  const rank = shape.length;
  if (spec.ndim !== null && rank !== spec.ndim) return `expected ndim=${spec.ndim}, found ndim=${rank}`;
  if (spec.maxNdim !== null && rank > spec.maxNdim) return `expected max_ndim=${spec.maxNdim}, found ndim=${rank}`;
  if (spec.minNdim !== null && rank < spec.minNdim) return `expected min_ndim=${spec.minNdim}, found ndim=${rank}`;
  for (const [axis, size] of Object.entries(spec.axes)) {
    const found = shape.at(Number(axis));
    if (size !== null && found !== null && found !== size) return `expected axis ${axis} of input shape to have value ${size}`;
  }
  if (spec.shape?.some((d, i) => d !== null && shape[i] !== null && shape[i] !== d)) return `expected shape=${showShape(spec.shape)}`;
  return null;
}

/**
 * Checks inputs against the specs of a layer.
 * @throws a RangeError in Keras's words when one does not fit, or when their number differs.
 */
export function assertInputCompatibility(specs: readonly InputSpec[], inputs: readonly (Tensor | KerasTensor)[], layerName: string): void {
  if (inputs.length !== specs.length)
    throw new RangeError(`Layer "${layerName}" expects ${specs.length} input(s), but it received ${inputs.length} input tensors`);
  specs.forEach((spec, i) => {
    const { shape } = (inputs[i] as Tensor | null | undefined) ?? {};
    if (shape === undefined) throw new TypeError(`Layer "${layerName}" expects a tensor as input ${i}, received ${String(inputs[i])}`);
    const problem = complaint(spec, shape);
    if (problem !== null) {
      throw new RangeError(
        `Input ${i} of layer "${layerName}" is incompatible with the layer: ${problem}, but received input with shape ${showShape(shape)}`,
      );
    }
  });
}

/** What a layer takes: one tensor, or an array of tensors; null: any structure of them. */
export type InputKind = 'tensor' | 'tensors' | null;

/** @throws a TypeError for an input of another kind. */
export function checkInputKind(label: string, kind: InputKind, input: unknown): void {
  if (kind === null) return;
  const isTensor = (value: unknown): boolean => [Tensor, KerasTensor, HostArray].some((kind) => value instanceof kind);
  if (kind === 'tensor' ? isTensor(input) : Array.isArray(input) && Array.from(input).every(isTensor)) return;
  const received = isTensor(input) ? `one of shape ${showShape((input as KerasTensor).shape)}` : show(input);
  throw new TypeError(`${label}: is called on ${kind === 'tensor' ? 'one tensor' : 'an array of tensors'}, received ${received}`);
}
