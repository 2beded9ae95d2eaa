// How a primitive is written as ONNX nodes.
import type { DType } from '../../../base/dtype.js';
import type { Builder, View } from '../builder.js';
import { across, DifferentGraphs, isFixed, type Size, type SymbolicCall, type SymbolicValue } from '../symbolic-graph.js';

/** A call of a primitive that is being written. */
export class Call {
  constructor(readonly symbolic: SymbolicCall, readonly to: Builder) {}

  get op(): string {
    return this.symbolic.node.op.name;
  }
  /** The inputs' values. */
  get inputs(): readonly SymbolicValue[] {
    return this.symbolic.inputs;
  }
  /** Name of an input. */
  in(i: number): string {
    return this.to.name(this.inputs[i]!);
  }
  /** Names of all inputs. */
  get all(): string[] {
    return this.inputs.map((value) => this.to.name(value));
  }
  /** Sizes of an input. */
  shape(i: number): readonly Size[] {
    return this.inputs[i]!.shape;
  }
  /** Dtype of an input. */
  dtype(i: number): DType {
    return this.inputs[i]!.dtype;
  }
  /** The output's value. */
  get output(): SymbolicValue {
    return this.symbolic.outputs[0]!;
  }
  /** An attribute that is the same in all traces. */
  attr<T>(key: string): T {
    const [first, ...others] = this.symbolic.attrs.map((attrs) => attrs[key]);
    if (others.some((value) => value !== first && JSON.stringify(value) !== JSON.stringify(first))) throw new DifferentGraphs();
    return first as T;
  }
  /** A number of each trace. */
  number(key: string): Size {
    return this.symbolic.attrs.map((attrs) => attrs[key] as number);
  }
  /** A list of numbers of each trace. */
  numbers(key: string): Size[] {
    return across(this.symbolic.attrs.map((attrs) => attrs[key] as readonly number[]));
  }
}

/** What a rule gives: where the outputs are. */
export type Written = string | View | readonly (string | View)[];
/** Writes a call. */
export type Rule = (call: Call) => Written;

/** Thrown where ONNX has no form of a call; the message says why. */
export class NoForm extends Error {}

/** The number of a size that must be known. @throws DifferentGraphs. */
export function fixed(size: Size): number {
  if (!isFixed(size)) throw new DifferentGraphs();
  return size[0]!;
}
/** Combines sizes of each trace. */
export const combine = (fn: (...numbers: number[]) => number, ...sizes: readonly Size[]): Size =>
  sizes[0]!.map((_, i) => fn(...sizes.map((size) => size[i]!)));
/** Places of the physical axes of a view: `perm[axis]`, or the axis itself. */
export const axisIn = ({ perm }: View, axis: number): number => perm?.[axis] ?? axis;
/** 0 … n-1 */
export const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
