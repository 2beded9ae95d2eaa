// `keras.backend`.
import { type DTypeLike, isFloat, isInteger, standardizeDType } from '../base/dtype.js';
import { show } from '../base/errors.js';
import { uniqueName } from '../base/names.js';

export { backend, epsilon, floatx, imageDataFormat, setEpsilon, setFloatx, setImageDataFormat } from '../config/index.js';
export { resultType, standardizeDType as standardizeDtype } from '../base/dtype.js';
export { clearSession, isKerasTensor } from '../utils/index.js';

/** Whether a dtype is one of floating-point numbers. */
export const isFloatDtype = (dtype: DTypeLike): boolean => isFloat(standardizeDType(dtype));
/** Whether a dtype is one of integers, signed or not; `bool` is none. */
export const isIntDtype = (dtype: DTypeLike): boolean => isInteger(standardizeDType(dtype));

/** The next number of a prefix, from 1 on, as automatic names count it. @throws for a prefix that is no string. */
export function getUid(prefix = ''): number {
  if (typeof prefix !== 'string') throw new TypeError(`getUid: prefix must be a string, received ${show(prefix)}`);
  const name = uniqueName(prefix);
  return name === prefix ? 1 : Number(name.slice(prefix.length + 1)) + 1;
}
