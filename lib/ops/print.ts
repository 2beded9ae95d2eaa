// Tensors as text, laid out as NumPy prints arrays.
import type { DType } from '../base/dtype.js';
import type { Complex } from '../base/dtype.js';
import { isComplex, isFloat, partDType } from '../base/dtype.js';
import { floatRepr } from '../base/format.js';
import type { Shape } from '../base/shape.js';
import type { NestedArray, Tensor } from '../core/tensor.js';

/** Above this many elements only the edges of each axis are printed. */
const SUMMARIZE_ABOVE = 1000;
/** Elements at either edge of an axis. */
const EDGE = 3;
const LINE_WIDTH = 75;
/** Digits after the point at most. */
const PRECISION = 8;

/** A number with the least digits that tell it from its neighbours in its dtype. */
function shortest(value: number, dtype: DType): number {
  if (dtype === 'float64' || !Number.isFinite(value)) return value;
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}
/** `1.` rather than `1`, as NumPy writes floats. */
const withPoint = (text: string): string => (text.includes('.') || !/^-?\d+$/.test(text) ? text : `${text}.`);
const special = (value: number): string => (Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf');

/** A function that writes the floats of one tensor, all in the same notation. */
function floatWriter(values: readonly number[], dtype: DType): (value: number) => string {
  const sizes = values.filter((value) => Number.isFinite(value) && value !== 0).map(Math.abs);
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)];
  if (sizes.length > 0 && (most >= 1e8 || least < 1e-4 || most / least > 1000) && (most >= 1e8 || least < 1e-4)) {
    return (value) => {
      if (!Number.isFinite(value)) return special(value);
      const [mantissa, exponent] = Number(shortest(value, dtype).toPrecision(PRECISION + 1)).toExponential().split('e') as [string, string];
      return `${withPoint(mantissa)}e${exponent.replace(/^([+-])(\d)$/, '$10$2')}`;
    };
  }
  return (value) => {
    if (!Number.isFinite(value)) return special(value);
    const text = shortest(value, dtype).toFixed(PRECISION).replace(/\.?0+$/, '');
    return withPoint(Object.is(value, -0) ? '-0' : text);
  };
}
/** Texts of equal width; floats with their points below each other. */
function aligned(texts: readonly string[]): string[] {
  const points = texts.map((text) => (text.includes('.') ? text.length - text.indexOf('.') : 0));
  const after = texts.some((text) => text.includes('e')) ? 0 : Math.max(0, ...points);
  const padded = texts.map((text, i) => (points[i]! > 0 ? text.padEnd(text.length + Math.max(0, after - points[i]!)) : text));
  const width = Math.max(0, ...padded.map((text) => text.length));
  return padded.map((text) => text.padStart(width));
}

/** Texts of complex numbers, of equal width: `1.+2.j`, the parts as floats with their points below each other. */
function complexTexts(values: readonly Complex[], dtype: DType): string[] {
  const texts = (part: 'im' | 're') => {
    const numbers = values.map((value) => value[part]);
    return numbers.map(floatWriter(numbers, dtype));
  };
  const imaginary = aligned(texts('im').map((text) => (text.startsWith('-') ? text : `+${text}`)));
  return aligned(texts('re')).map((re, i) => `${re}${`${imaginary[i]!.trimEnd()}j`.padEnd(imaginary[i]!.length + 1)}`);
}

/** Indices of an axis that are printed; null stands for those left out. */
function shownIndices(size: number, summarize: boolean): (number | null)[] {
  const all = Array.from({ length: size }, (_, i) => i);
  return summarize && size > 2 * EDGE ? [...all.slice(0, EDGE), null, ...all.slice(-EDGE)] : all;
}
type Leaf = number | bigint | boolean;
type Shown = Leaf | null | Shown[];
const pick = (nested: NestedArray, summarize: boolean): Shown =>
  Array.isArray(nested) ? shownIndices(nested.length, summarize).map((i) => (i === null ? null : pick(nested[i]!, summarize))) : nested;

const leavesOf = (items: Shown): Leaf[] => (Array.isArray(items) ? items.flatMap(leavesOf) : items === null ? [] : [items]);

function layOut(items: Shown, texts: Iterator<string>, depth: number, rank: number): string {
  if (!Array.isArray(items)) return items === null ? '...' : (texts.next().value as string);
  const indent = ' '.repeat(depth + 1);
  const parts = items.map((item) => layOut(item, texts, depth + 1, rank));
  if (depth < rank - 1) return `[${parts.join('\n'.repeat(rank - 1 - depth) + indent)}]`;
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    if (last === undefined || indent.length + last.length + 1 + part.length > LINE_WIDTH) lines.push(part);
    else lines[lines.length - 1] = `${last} ${part}`;
  }
  return `[${lines.join(`\n${indent}`)}]`;
}

/** The values of a concrete tensor as NumPy prints them; above 1,000 elements only the edges. */
export function printValues(tensor: Tensor): string {
  const { shape, dtype }: { shape: Shape; dtype: DType } = tensor;
  if (tensor.size === 0 && shape.length > 0) return `[], shape ${JSON.stringify(shape)}`;
  if (shape.length === 0 && isFloat(dtype)) return floatRepr(shortest(tensor.item(), dtype));
  const shown = pick(tensor.tolist(), tensor.size > SUMMARIZE_ABOVE);
  const leaves = leavesOf(shown);
  if (isComplex(dtype))
    return layOut(shown, complexTexts(leaves as unknown as Complex[], partDType(dtype))[Symbol.iterator](), 0, shape.length);
  const writeFloat = isFloat(dtype) ? floatWriter(leaves as number[], dtype) : null;
  const texts = leaves.map((leaf) =>
    writeFloat === null ? (typeof leaf === 'boolean' ? (leaf ? 'True' : 'False') : String(leaf)) : writeFloat(leaf as number),
  );
  return layOut(shown, aligned(texts)[Symbol.iterator](), 0, shape.length);
}
