// Constraints: values derived by hand, configs, bad input.
import { describe, expect, it } from '@jest/globals';
import { ops } from 'keratin';
import * as constraints from '#lib/constraints/index.js';
import type { Tensor } from '#lib/core/tensor.js';
import { testFamily } from '../../helpers/families.js';
import { expectNumbersClose } from '../../helpers/recorded.js';

testFamily('keras.constraints', constraints, constraints.Constraint);

/** Columns of lengths 5, 1 and 0. */
const w = [[3, 0.6, 0], [-4, 0.8, 0]];
const close = (actual: Tensor, expected: number[]) => expectNumbersClose(Array.from(actual.data, Number), expected);

describe('constraints', () => {
  it('shortens long vectors', () => {
    close(constraints.maxNorm(2)(w), [1.2, 0.6, 0, -1.6, 0.8, 0]);
    close(new constraints.MaxNorm({ maxValue: 1, axis: [0, 1] })([[3, 4]]), [0.6, 0.8]);
  });
  it('makes vectors of length 1', () => close(constraints.unitNorm()(w), [0.6, 0.6, 0, -0.8, 0.8, 0]));
  it('brings lengths between bounds, by a share', () => {
    close(constraints.minMaxNorm({ minValue: 2, maxValue: 4 })(w), [2.4, 1.2, 0, -3.2, 1.6, 0]);
    close(constraints.minMaxNorm({ minValue: 2, maxValue: 4, rate: 0.5 })(w), [2.7, 0.9, 0, -3.6, 1.2, 0]);
  });
  it('removes negative values', () => {
    expect(constraints.nonNeg()([-1, 0, 2]).tolist()).toEqual([0, 0, 2]);
    expect(constraints.nonNeg()(ops.convertToTensor([-1.5, 2.5], { dtype: 'float64' })).dtype).toBe('float64');
  });
  it('does nothing by default', () => expect(new constraints.Constraint()([-1, 2]).tolist()).toEqual([-1, 2]));
  it('rejects axes that are none', () => {
    expect(() => new constraints.UnitNorm({ axis: 0.5 })).toThrow('UnitNorm: axis must be an axis or an array of axes, received 0.5');
    expect(() => constraints.unitNorm({ axis: 2 })([1, 2])).toThrow('axis 2 is out of bounds');
  });
  it('looks names up', () => {
    expect(constraints.get('max_norm')).toBeInstanceOf(constraints.MaxNorm);
    expect(constraints.get(undefined)).toBeNull();
    expect(() => constraints.get('nonneg2')).toThrow(new TypeError("unknown constraint 'nonneg2'; did you mean 'non_neg'?"));
  });
});
