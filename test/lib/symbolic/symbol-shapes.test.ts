// Shapes of symbols with unknown sizes, as real Keras on TensorFlow gives them.
import { describe, expect, it } from '@jest/globals';
import * as keras from 'keratin';
import { camelCase } from '#lib/base/names.js';
import { isPlainObject } from '#lib/base/tree.js';
import { readFixture } from '../../helpers/fixtures.js';
import { argumentOf, camelKeys } from '../../helpers/recorded.js';

type SymbolicShape = (number | null)[];
interface Case {
  name: string;
  symbol: string;
  args: unknown[];
  options: Record<string, unknown>;
  /** What a layer is called on; null for a function. */
  inputs: unknown[] | null;
  /** Shapes of the symbols, and of the outputs. */
  variants: [SymbolicShape[], SymbolicShape[]][];
}

/**
 * Where Keras leaves open a size that can be no other (20 in 2,458), or tells one that its own result need not have (einsum, attention):
 * the sizes that hold.
 */
const OTHERWISE: Record<string, SymbolicShape[]> = {
  '164_einsum [[3,null]]': [[null]],
  '184_select [[2,3],[2,3],[null,3],[2,3]]': [[2, 3]],
  '184_select [[2,3],[2,3],[2,null],[2,3]]': [[2, 3]],
  '223_repeat [[2,null]]': [[2, 3]],
  '223_repeat [[null,null]]': [[null, 3]],
  '274_scatter_update [[6,null],[4,1],[4,3]]': [[6, 3]],
  '283_in_top_k [[null],[4,5]]': [[4]],
  '283_in_top_k [[null],[4,null]]': [[4]],
  '358_dot_product_attention [[null,4,3,8],[2,5,3,8],[2,5,3,8]]': [[2, 4, 3, 8]],
  '358_dot_product_attention [[2,4,3,null],[2,5,3,8],[2,5,3,8]]': [[2, 4, 3, 8]],
  '358_dot_product_attention [[2,4,3,8],[2,5,3,8],[2,5,3,null]]': [[2, 4, 3, null]],
  '365_corrcoef [[3,null]]': [[3, 3]],
  '378_image.rgb_to_hsv [[2,5,6,null]]': [[2, 5, 6, 3]],
  '378_image.rgb_to_hsv [[null,null,null,null]]': [[null, null, null, 3]],
  '387_image.affine_transform [[null,5,6,3],[2,8]]': [[2, 5, 6, 3]],
  '402_solve [[2,3,3],[null,3,4]]': [[2, 3, 4]],
  '403_solve_triangular [[2,3,3],[null,3,4]]': [[2, 3, 4]],
  '113_Attention [[null,4,3],[2,5,3]]': [[2, 4, 3]],
  '113_Attention [[2,4,3],[2,5,null]]': [[2, 4, 3]],
  '114_AdditiveAttention [[null,4,3],[2,5,3]]': [[2, 4, 3]],
  '115_MultiHeadAttention [[null,4,6],[2,5,6]]': [[2, 4, 6]],
  '116_MultiHeadAttention [[null,4,6],[2,5,6]]': [[2, 4, 7]],
};

function fill(value: unknown, next: () => SymbolicShape): unknown {
  if (isPlainObject(value) && 'symbol' in value) return new keras.KerasTensor(next(), value.dtype as 'float32');
  if (Array.isArray(value)) return value.map((item) => fill(item, next));
  return argumentOf(value);
}
const member = (path: string): unknown =>
  path.split('.').reduce<unknown>((owner, part) => (owner as Record<string, unknown>)[camelCase(part)], keras);
/** Layers that take their inputs as arguments of their own. */
const SEPARATE = new Set(['layers.MultiHeadAttention']);

function shapesOf({ symbol, args, options, inputs }: Case, shapes: SymbolicShape[]): unknown {
  const left = [...shapes];
  const next = () => left.shift()!;
  const named = camelKeys(options);
  const rest = Object.keys(named).length === 0 ? [] : [named];
  let result: unknown;
  if (inputs === null) result = (member(symbol) as (...given: unknown[]) => unknown)(...(fill(args, next) as unknown[]), ...rest);
  else {
    const layer = new (member(symbol) as new (...given: unknown[]) => (...given: unknown[]) => unknown)(...args, ...rest);
    const values = fill(inputs, next) as unknown[];
    result = values.length === 1 || SEPARATE.has(symbol) ? layer(...values) : layer(values);
  }
  return keras.tree.flatten(result).map((leaf) => [...(leaf as keras.KerasTensor).shape]);
}

describe.each(readFixture<Case>('symbol_shapes'))('$name', (recorded) => {
  it.each(recorded.variants.map(([shapes, outputs]) => ({ label: JSON.stringify(shapes), shapes, outputs })))(
    '$label',
    ({ label, shapes, outputs }) => {
      expect(shapesOf(recorded, shapes)).toEqual(OTHERWISE[`${recorded.name} ${label}`] ?? outputs);
    },
  );
});
