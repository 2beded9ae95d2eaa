// Element types of ONNX (TensorProto.DataType) and ours.
import type { DType } from '../../base/dtype.js';

const NUMBERS: Partial<Record<DType, number>> = {
  float32: 1, uint8: 2, int8: 3, uint16: 4, int16: 5, int32: 6, int64: 7, bool: 9, float16: 10, float64: 11, uint32: 12, uint64: 13,
  bfloat16: 16,
};
const NAMES = new Map(Object.entries(NUMBERS).map(([name, number]) => [number, name as DType]));

/** ONNX's number of a dtype. @throws for complex dtypes, which its operators do not take. */
export function onnxType(dtype: DType): number {
  const number = NUMBERS[dtype];
  if (number === undefined) throw new TypeError(`ONNX's operators take no ${dtype}`);
  return number;
}
/** The dtype of ONNX's number; null for those that have none here (strings, 4- and 8-bit floats, complex numbers). */
export const dtypeOf = (number: number): DType | null => NAMES.get(number) ?? null;
