// In-place arithmetic of variables.
import { toTensor, type TensorLike } from '../core/convert.js';
import type { Tensor } from '../core/tensor.js';
import { Variable } from '../core/variable.js';
import { add, subtract } from './primitives/elementwise.js';

declare module '../core/variable.js' {
  interface Variable {
    /** Adds to the value; `x` is cast to the variable's dtype. Returns the new value. */
    assignAdd(x: TensorLike): Tensor;
    /** Subtracts from the value; `x` is cast to the variable's dtype. Returns the new value. */
    assignSub(x: TensorLike): Tensor;
  }
}

Variable.prototype.assignAdd = function assignAdd(this: Variable, x) {
  return this.assign(add(this.value, toTensor(x, this.dtype, `${this.path}.assignAdd`)));
};
Variable.prototype.assignSub = function assignSub(this: Variable, x) {
  return this.assign(subtract(this.value, toTensor(x, this.dtype, `${this.path}.assignSub`)));
};
