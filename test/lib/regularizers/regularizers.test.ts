// Regularizers: values derived by hand, configs, bad input.
import { describe, expect, it } from '@jest/globals';
import { ops, Variable } from 'keratin';
import * as regularizers from '#lib/regularizers/index.js';
import type { Tensor } from '#lib/core/tensor.js';
import { testFamily } from '../../helpers/families.js';

testFamily('keras.regularizers', regularizers, regularizers.Regularizer);

const x = [[1, -2], [3, -4]];

describe('regularizers', () => {
  it('sums absolute values and squares', () => {
    expect(regularizers.l1(0.5)(x).item()).toBe(5);
    expect(regularizers.l2(0.5)(x).item()).toBe(15);
    expect(regularizers.l1L2({ l1: 0.5, l2: 0.25 })(x).item()).toBe(12.5);
    expect(new regularizers.L1L2(0.5, 0.25)(x).item()).toBe(12.5);
    expect(new regularizers.L1L2()(x).item()).toBe(0);
  });
  it('takes null as the default', () => {
    expect(new regularizers.L2(null).getConfig()).toEqual({ l2: 0.01 });
    expect(new regularizers.L1L2({ l1: null, l2: 0.5 }).getConfig()).toEqual({ l1: 0, l2: 0.5 });
  });
  it('keeps the dtype of the weight, and takes variables', () => {
    expect(regularizers.l2(0.1)(new Variable(ops.ones([2], { dtype: 'bfloat16' }))).dtype).toBe('bfloat16');
  });
  it('measures how far rows or columns are from orthogonal', () => {
    // Cosine of the two rows: 0.6; of the two columns (1, 0.6) and (0, 0.8): 0.6 / sqrt(1.36).
    const m = [[1, 0], [0.6, 0.8]];
    expect(new regularizers.OrthogonalRegularizer({ factor: 0.5 })(m).item()).toBeCloseTo(0.3, 6);
    expect(new regularizers.OrthogonalRegularizer({ factor: 0.5, mode: 'columns' })(m).item()).toBeCloseTo(0.3 / Math.sqrt(1.36), 6);
    expect(() => new regularizers.OrthogonalRegularizer()([1, 2])).toThrow(
      'OrthogonalRegularizer: expected a tensor of rank 2, received shape (2,)',
    );
  });
  it.each([-0.1, Infinity, NaN, 'a'])('rejects the factor %s', (factor) => {
    expect(() => new regularizers.L1(factor as number)).toThrow('L1: l1 must be a finite number >= 0');
  });
  it('accepts classes of the user', () => {
    class Half extends regularizers.Regularizer {
      override call(w: Tensor): Tensor {
        return ops.multiply(ops.sum(w), 0.5);
      }
    }
    expect(regularizers.get(new Half())!(ops.convertToTensor([2, 4])).item()).toBe(3);
    expect(regularizers.serialize(new Half())).toEqual({ module: null, class_name: 'Half', config: {}, registered_name: 'Half' });
    expect(regularizers.deserialize(regularizers.serialize(new Half()), { customObjects: { Half } })).toBeInstanceOf(Half);
  });
  it('looks names up', () => {
    expect(regularizers.get('l1_l2')).toBeInstanceOf(regularizers.L1L2);
    expect(regularizers.get(null)).toBeNull();
    expect(() => regularizers.get('l3')).toThrow(new TypeError("unknown regularizer 'l3'; did you mean 'l1'?"));
  });
});
