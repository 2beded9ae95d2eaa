// The equation of an EinsumDense: which shapes of kernel, bias and output follow from it and the input's shape.
import { show } from '../../base/errors.js';
import { showShape, type SymbolicShape } from '../../base/shape.js';

/** What follows from an equation and shapes. */
export interface EinsumShapes {
  readonly kernel: SymbolicShape;
  /** Null without a bias. It broadcasts to the output. */
  readonly bias: SymbolicShape | null;
  readonly output: SymbolicShape;
  /** Axes of the kernel that are summed over, and those that are in the output: the fans of the kernel's initializer. */
  readonly inputAxes: readonly number[];
  readonly outputAxes: readonly number[];
}

/** The letters of the three terms, and on which side of them axes are left out. */
interface Terms {
  readonly input: string;
  readonly kernel: string;
  readonly output: string;
  readonly ellipsis: 'left' | 'right' | null;
}
const FORMS: readonly (readonly [RegExp, Terms['ellipsis']])[] = [
  [/^([a-zA-Z]+),([a-zA-Z]+)->([a-zA-Z]+)$/, null],
  [/^\.\.\.([a-zA-Z]+),([a-zA-Z]+)->\.\.\.([a-zA-Z]+)$/, 'left'],
  [/^([a-zA-Z]{2,})\.\.\.,([a-zA-Z]+)->([a-zA-Z]+)\.\.\.$/, 'right'],
];

function termsOf(equation: string, where: string): Terms {
  for (const [form, ellipsis] of FORMS) {
    const found = form.exec(equation);
    if (found !== null) return { input: found[1]!, kernel: found[2]!, output: found[3]!, ellipsis };
  }
  throw new RangeError(`${where}: equation must have the form 'X,Y->Z', '...X,Y->...Z' or 'X...,Y->Z...', received ${show(equation)}`);
}

/**
 * @internal The letters of an equation's terms, with others for the axes that `...` stands for in inputs of this rank. @throws for
 * equations of another form.
 */
export function einsumLetters(equation: string, rank: number, where: string): { input: string; kernel: string; output: string } {
  const { input, kernel, output, ellipsis } = termsOf(equation, where);
  const free = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'].filter((letter) => !(input + kernel + output).includes(letter));
  const elided = free.slice(0, rank - input.length).join('');
  const around = (term: string): string => (ellipsis === 'left' ? elided + term : term + elided);
  return { input: around(input), kernel, output: around(output) };
}

/** Shape of the bias: sizes of the output from the first axis that has a bias on, 1 for the axes without. */
function biasShape(
  axes: string,
  { output, ellipsis }: Terms,
  sizeOf: (letter: string) => number | null,
  elided: number,
  where: string,
): SymbolicShape {
  for (const letter of axes) {
    if (!output.includes(letter))
      throw new RangeError(`${where}: biasAxes names ${show(letter)}, which is none of the output's axes ${show(output)}`);
  }
  const first = Math.min(...[...axes].map((letter) => output.indexOf(letter)));
  const own = [...output.slice(first)].map((letter) => (axes.includes(letter) ? sizeOf(letter) : 1));
  return ellipsis === 'left' ? own : [...own, ...Array.from({ length: elided }, () => 1)];
}

/** The output's shape: the batch, the axes that `...` stands for, and those that the layer was given. */
function fullOutput({ ellipsis }: Terms, input: SymbolicShape, given: SymbolicShape, elided: number): SymbolicShape {
  const batch = input[0] ?? null;
  return ellipsis === 'left' ? [batch, ...input.slice(1, elided), ...given] : [batch, ...given, ...input.slice(input.length - elided)];
}

/**
 * The shapes of an EinsumDense. `given` is the shape of the output without the batch and what `...` stands for.
 * @throws when the equation is none that the layer understands, or contradicts the shapes.
 */
export function einsumShapes(
  equation: string,
  biasAxes: string | null,
  input: SymbolicShape,
  given: SymbolicShape,
  where: string,
): EinsumShapes {
  const terms = termsOf(equation, where);
  const elided = input.length - terms.input.length;
  if (elided < 0 || (terms.ellipsis === null && elided > 0)) {
    throw new RangeError(
      `${where}: the equation ${show(equation)} takes inputs of ${terms.ellipsis === null ? '' : 'at least '}${terms.input.length} ` +
        `axes, received shape ${showShape(input)}`,
    );
  }
  const output = fullOutput(terms, input, given, elided);
  const skipped = terms.ellipsis === 'left' ? elided : 0;
  const expected = terms.output.length + elided;
  if (output.length !== expected) {
    throw new RangeError(
      `${where}: outputShape ${showShape(given)} does not fit the equation ${show(equation)}, whose output has ${expected} axes for ` +
        `inputs of shape ${showShape(input)}`,
    );
  }
  const inputSize = (letter: string): number | null => input[terms.input.indexOf(letter) + skipped] ?? null;
  const outputSize = (letter: string): number | null => output[terms.output.indexOf(letter) + skipped] ?? null;
  for (const letter of terms.input) {
    if (!terms.output.includes(letter)) continue;
    const [from, to] = [inputSize(letter), outputSize(letter)];
    if (to !== null && to !== from)
      throw new RangeError(`${where}: axis ${show(letter)} has size ${from ?? 'None'} in the inputs and ${to} in outputShape`);
  }
  for (const letter of terms.output) {
    if (!terms.input.includes(letter) && !terms.kernel.includes(letter))
      throw new RangeError(`${where}: the output's axis ${show(letter)} is in neither the inputs nor the kernel, in ${show(equation)}`);
  }
  const letters = [...terms.kernel];
  const stray = letters.find((letter) => !terms.output.includes(letter) && !terms.input.includes(letter));
  if (stray !== undefined)
    throw new RangeError(`${where}: the kernel's axis ${show(stray)} is in neither the inputs nor the output, in ${show(equation)}`);
  const inOutput = (letter: string): boolean => terms.output.includes(letter);
  return {
    kernel: letters.map((letter) => (inOutput(letter) ? outputSize(letter) : inputSize(letter))),
    bias: biasAxes === null ? null : biasShape(biasAxes, terms, outputSize, elided, where),
    output,
    inputAxes: letters.flatMap((letter, i) => (inOutput(letter) ? [] : [i])),
    outputAxes: letters.flatMap((letter, i) => (inOutput(letter) ? [i] : [])),
  };
}
