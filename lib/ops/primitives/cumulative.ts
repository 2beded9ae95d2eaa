// Primitives that accumulate along an axis.
import { isFloat } from '../../base/dtype.js';
import { castTo } from '../../core/cast.js';
import { defineOp } from '../../core/op.js';
import { input, output } from '../../core/program.js';
import { sizeOf } from '../../base/shape.js';
import type { Tensor } from '../../core/tensor.js';
import { divide, equal, logicalAnd, multiply, select } from './elementwise.js';
import { constant, primitive } from './primitive.js';

/** An axis, and whether the accumulation runs from its end. */
interface ScanAttrs {
  readonly [key: string]: number | boolean;
  readonly axis: number;
  readonly reverse: boolean;
}
type Scan = (x: Tensor, axis: number, reverse?: boolean) => Tensor;

function scan(name: string, rule: (dy: Tensor, x: Tensor, y: Tensor, axis: number, reverse: boolean) => Tensor) {
  const op = defineOp(name, {
    infer: ([x], _: ScanAttrs) => [x!],
    vjp: ([dy], { inputs: [x], outputs: [y], attrs: { axis, reverse } }) => [isFloat(x!.dtype) ? rule(dy!, x!, y!, axis, reverse) : null],
    lower: ({ inputs: [x], attrs: { axis, reverse } }) => [{
      kernel: name, dtype: x!.dtype, operands: [input(0), output(0)],
      ints: [sizeOf(x!.shape.slice(0, axis)), x!.shape[axis]!, sizeOf(x!.shape.slice(axis + 1)), reverse ? 1 : 0],
    }],
  });
  return primitive(op, [
    { inputs: [{ shape: [3, 5], low: 0.5 }], attrs: { axis: 1, reverse: false } },
    { inputs: [{ shape: [2, 4, 3], low: 0.5 }], attrs: { axis: 1, reverse: true } },
  ], (run): Scan => (x, axis, reverse = false) => run([x], { axis, reverse }));
}

/** Running sums along an axis, from the front or from the back. */
export const cumsum = scan('cumsum', (dy, _x, _y, axis, reverse) => cumsum(dy, axis, !reverse));

/** Running products along an axis, from the front or from the back. */
export const cumprod = scan('cumprod', (dy, x, y, axis, reverse) => {
  // dx = sum(dy * y) / x over the products that have x. For the first 0 of a run it is the sum with that 0 left out; another
  // 0 is always beside the first one, which makes its sum 0.
  const [zero, one] = [constant(0, x), constant(1, x)];
  const isZero = equal(x, zero);
  const zeros = cumsum(castTo(isZero, x.dtype), axis, reverse);
  const first = logicalAnd(isZero, equal(zeros, one));
  const without = cumprod(select(first, one, x), axis, reverse);
  const total = (t: Tensor) => cumsum(multiply(dy, t), axis, !reverse);
  const share = select(isZero, zero, divide(total(y), select(isZero, one, x)));
  return select(first, total(without), share);
});
