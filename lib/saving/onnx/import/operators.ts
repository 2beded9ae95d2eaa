// All ONNX operators that are read.
import { didYouMean } from '../../../base/errors.js';
import type { Operator } from './call.js';
import { elementwise } from './elementwise.js';
import { movement } from './movement.js';
import { products } from './products.js';
import { recurrence } from './recurrent.js';
import { reductions } from './reduction.js';

const OPERATORS: Readonly<Record<string, Operator>> = { ...elementwise, ...movement, ...products, ...reductions, ...recurrence };
/** Names of the operators that are read. */
export const operatorNames = (): string[] => Object.keys(OPERATORS).sort();
/** Whether there is an operator of this name. */
export const hasOperator = (name: string): boolean => Object.hasOwn(OPERATORS, name);
/** The operator of this name. @throws with the nearest one when there is none. */
export function operatorOf(name: string): Operator {
  if (!hasOperator(name)) throw new TypeError(`the ONNX operator ${name} is not supported${didYouMean(name, operatorNames())}`);
  return OPERATORS[name]!;
}
