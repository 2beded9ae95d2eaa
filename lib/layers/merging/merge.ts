// Merge: base of the layers that make one tensor of several.
import type { ArgumentsOf } from '../../config/configurable.js';
import { configured } from '../../config/configurable.js';
import type { Schema } from '../../config/fields.js';
import { isFloat } from '../../base/dtype.js';
import { KerasTensor } from '../../symbolic/keras-tensor.js';
import { getMask, setMask } from '../../symbolic/mask.js';
import { showShape, type SymbolicShape } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import { isPlainObject } from '../../base/tree.js';
import * as ops from '../../ops/index.js';
import type { CallOptions } from '../base/call.js';
import { Layer } from '../base/layer.js';
import type { LayerOptions, layerSchema } from '../base/options.js';

export type { ArgumentsOf };

/** Tensors or symbols to merge. */
export type MergeInputs = readonly (Tensor | KerasTensor)[];

const showAll = (shapes: readonly SymbolicShape[]): string => `[${shapes.map(showShape).join(', ')}]`;
/** True for an array of shapes, as against one shape. */
export const isShapeList = (value: unknown): value is readonly SymbolicShape[] =>
  Array.isArray(value) && value.length > 0 && Array.from(value).every(Array.isArray);

/** The mask of a tensor spread over all its entries. */
const spread = (mask: Tensor, x: Tensor): Tensor => ops.broadcastTo(ops.expandDims(mask, -1), x.shape);

/** Symbols give a symbol, tensors a tensor. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- gives instances their call signature
export interface Merge {
  (inputs: readonly KerasTensor[], options?: CallOptions): KerasTensor;
  (inputs: readonly Tensor[], options?: CallOptions): Tensor;
}

/**
 * Base of `Add`, `Multiply` and the like. Inputs of fewer axes than others get axes of size 1 after the batch; the shapes then broadcast.
 * An entry of the output counts where that of any input counts, as soon as all inputs have masks.
 */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- gives instances their call signature
export abstract class Merge extends Layer {
  static override readonly takes = 'tensors';
  override supportsMasking = true;

  /** @internal The inputs may be named: `layer({ inputs: [a, b] })`. */
  override invoke(first: unknown, ...rest: unknown[]): unknown {
    return super.invoke(isPlainObject(first) && 'inputs' in first ? first.inputs : first, ...rest);
  }

  /** The output for inputs of one rank. */
  protected abstract merge(inputs: readonly Tensor[]): Tensor;

  /** Where in the messages. */
  protected get where(): string {
    return `${this.constructor.name} "${this.name}"`;
  }

  /** The inputs' shapes, of which there must be several. */
  protected shapesOf(inputShape: unknown): readonly SymbolicShape[] {
    if (!isShapeList(inputShape))
      throw new TypeError(
        `${this.where}: is called on an array of tensors, received ${Array.isArray(inputShape) ? `one of shape ${showShape(inputShape as SymbolicShape)}` : 'something else'}`,
      );
    return inputShape;
  }

  /** Checks the shapes; there are no weights. */
  override build(inputShape: unknown): void {
    this.computeOutputShape(this.shapesOf(inputShape));
  }

  override call(inputs: unknown): Tensor {
    if (!Array.isArray(inputs)) throw new TypeError(`${this.where}: is called on an array of tensors`);
    const tensors = inputs as Tensor[];
    const rank = Math.max(...tensors.map(({ ndim }) => ndim));
    const widened = tensors.map((x) =>
      x.ndim === rank
        ? x
        : ops.reshape(x, [...x.shape.slice(0, 1), ...Array.from({ length: rank - x.ndim }, () => 1), ...x.shape.slice(1)]),
    );
    return this.merge(widened);
  }

  private broadcast(a: SymbolicShape, b: SymbolicShape, all: readonly SymbolicShape[]): SymbolicShape {
    const [long, short] = a.length >= b.length ? [a, b] : [b, a];
    const lead = long.length - short.length;
    return long.map((d, i) => {
      const e = i < lead ? 1 : short[i - lead]!;
      if (d === e || e === 1) return d;
      if (d === 1) return e;
      if (d === null || e === null) return null;
      throw new RangeError(`${this.where}: the shapes of the inputs do not fit together, received ${showAll(all)}`);
    });
  }

  override computeOutputShape(inputShape: unknown): SymbolicShape {
    const shapes = this.shapesOf(inputShape);
    const batches = [
      ...new Set(
        shapes
          .filter((shape) => shape.length > 0)
          .map(([batch]) => batch)
          .filter((batch) => batch !== null && batch !== undefined),
      ),
    ];
    if (batches.length > 1) throw new RangeError(`${this.where}: the inputs have batches of different sizes, received ${showAll(shapes)}`);
    const rest = shapes.map((shape): SymbolicShape => shape.slice(1)).reduce((a, b) => this.broadcast(a, b, shapes));
    return [batches[0] ?? null, ...rest];
  }

  override computeOutputSpec(...args: unknown[]): KerasTensor {
    const [inputs] = args as [readonly KerasTensor[]];
    const shapes = Array.isArray(inputs) ? inputs.map(({ shape }) => shape) : (inputs as unknown as KerasTensor).shape;
    return new KerasTensor(this.computeOutputShape(shapes), isFloat(this.computeDtype) ? this.dtypeOf(inputs) : this.computeDtype);
  }
  private dtypeOf(inputs: readonly KerasTensor[]): KerasTensor['dtype'] {
    return inputs.every(({ dtype }) => !isFloat(dtype)) ? (inputs[0]?.dtype ?? this.computeDtype) : this.computeDtype;
  }

  override computeMask(inputs: unknown, previousMask: unknown): unknown {
    const masks = this.masksFor(inputs, previousMask);
    if (masks === null || masks.includes(null)) return null;
    return (masks as Tensor[]).reduce((a, b) => ops.logicalOr(a, b));
  }

  /** One mask, or null, for each input; null when there are no masks at all. */
  protected masksFor(inputs: unknown, masks: unknown): (Tensor | null)[] | null {
    if (masks === null || masks === undefined) return null;
    if (!Array.isArray(masks)) throw new TypeError(`${this.where}: mask must be an array with a mask or null for each input`);
    if (!Array.isArray(inputs)) throw new TypeError(`${this.where}: inputs must be an array, as the masks are`);
    if (masks.length !== inputs.length) throw new RangeError(`${this.where}: received ${inputs.length} inputs and ${masks.length} masks`);
    return masks as (Tensor | null)[];
  }

  /** Merges by an op without a neutral element: entries that do not count give way to those of the other input. */
  protected mergeMasked(inputs: readonly Tensor[], op: (a: Tensor, b: Tensor) => Tensor): Tensor {
    let [output] = inputs as [Tensor];
    let outputMask: Tensor | null = null;
    inputs.forEach((x, i) => {
      const own = getMask(x);
      const mask = own === null ? null : spread(own, x);
      if (i === 0) {
        outputMask = mask;
        return;
      }
      const right = mask === null ? x : ops.where(mask, x, output);
      if (outputMask !== null) output = ops.where(outputMask, output, right);
      outputMask = mask !== null && outputMask !== null ? ops.logicalOr(outputMask, mask) : null;
      output = op(output, right);
    });
    return outputMask === null ? output : setMask(output, ops.any(outputMask, { axis: -1 }));
  }

  /** Merges by multiplication: entries that do not count are 1, and 0 where none counts. */
  protected mergeProduct(inputs: readonly Tensor[]): Tensor {
    const masks = inputs.map((x) => getMask(x));
    const spreads = inputs.map((x, i) => (masks[i] === null ? null : spread(masks[i]!, x)));
    const parts = inputs.map((x, i) => (spreads[i] === null ? x : ops.where(spreads[i]!, x, 1)));
    const product = parts.reduce((a, b) => ops.multiply(a, b));
    if (masks.includes(null)) return product;
    const counts = (spreads as Tensor[]).reduce((a, b) => ops.logicalOr(a, b));
    return setMask(ops.where(counts, product, 0), ops.any(counts, { axis: -1 }));
  }
}

const MergeBase = Merge as unknown as (new (options: LayerOptions) => Merge) & {
  readonly baseSchema: typeof layerSchema;
  readonly module: string | null;
  readonly builtWhenMade: boolean;
};
/** The base of a merging layer with these options; see `configured`. */
export function mergeLayer<const S extends Schema, const P extends readonly (keyof S & string)[] = []>(
  className: string,
  schema: S,
  positional?: P,
) {
  return configured<typeof MergeBase, S, P>(MergeBase, className, schema, positional);
}
/** A merging layer's call as a function of the inputs and the layer's options. */
export interface MergeFunction<O> {
  (inputs: readonly KerasTensor[], options?: O): KerasTensor;
  (inputs: MergeInputs | readonly unknown[], options?: O): Tensor;
}
