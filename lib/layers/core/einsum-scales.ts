// Scales of quantized einsums: which axes of inputs and kernel share one, and where scales stand beside the output.
import type { Tensor } from '../../core/tensor.js';
import * as ops from '../../ops/index.js';
import { einsumLetters } from './einsum-equation.js';

/** The axes of an einsum of inputs and a kernel by which both are quantized. */
export interface EinsumScales {
  /** Axes of the inputs, and of the kernel, that are not in the output: along them values share a scale. */
  readonly inputAxes: readonly number[];
  readonly kernelAxes: readonly number[];
  /** A scale of the inputs, which has size 1 along `inputAxes`, with the axes of the output: 1 for those that the inputs lack. */
  alignInput(this: void, scale: Tensor): Tensor;
  /** The same for a scale of the kernel. */
  alignKernel(this: void, scale: Tensor): Tensor;
  /** What `alignKernel` was given. */
  restoreKernel(this: void, aligned: Tensor): Tensor;
  /** The gradient of inputs of this shape, from that of the output. */
  inputGradient(this: void, upstream: Tensor, kernel: Tensor, shape: readonly number[]): Tensor;
}

const placesOf = (letters: string, among: string): number[] => [...letters].map((letter) => among.indexOf(letter));
const summed = (letters: string, output: string): number[] =>
  [...letters].flatMap((letter, axis) => (output.includes(letter) ? [] : [axis]));
const common = (letters: string, others: string): string => [...letters].filter((letter) => others.includes(letter)).join('');
/** Shape of a scale at the axes of `letters`, from its sizes at those of `known`; 1 for the others. */
const spread = (letters: string, known: string, sizes: readonly number[]): number[] =>
  [...letters].map((letter) => (known.includes(letter) ? sizes[known.indexOf(letter)]! : 1));

/** The scales of an equation, for inputs of this rank. @throws as `einsumLetters`. */
export function einsumScales(equation: string, rank: number, where: string): EinsumScales {
  const { input, kernel, output } = einsumLetters(equation, rank, where);
  const align = (letters: string) => (scale: Tensor): Tensor => {
    const kept = common(output, letters);
    const order = [...placesOf(kept, letters), ...summed(letters, output)];
    return ops.reshape(ops.transpose(scale, order), spread(output, letters, scale.shape));
  };
  return {
    inputAxes: summed(input, output),
    kernelAxes: summed(kernel, output),
    alignInput: align(input),
    alignKernel: align(kernel),
    restoreKernel: (aligned) => {
      const [from, to] = [common(output, kernel), common(kernel, output)];
      const sizes = placesOf(from, output).map((axis) => aligned.shape[axis]!);
      const turned = ops.transpose(ops.reshape(aligned, sizes), placesOf(to, from));
      return ops.reshape(turned, spread(kernel, to, turned.shape));
    },
    inputGradient: (upstream, weights, shape) => {
      // An axis of the inputs that is in neither operand was summed over: its entries share their gradient.
      const found = common(input, output + kernel);
      const gradient = ops.einsum(`${output},${kernel}->${found}`, upstream, weights);
      return found === input ? gradient : ops.broadcastTo(ops.reshape(gradient, spread(input, found, gradient.shape)), shape);
    },
  };
}
