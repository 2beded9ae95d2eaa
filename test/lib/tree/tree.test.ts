// `keras.tree`.
import { describe, expect, it, jest } from '@jest/globals';
import { callbacks, ops, tree } from 'keratin';

const structure = { b: [1, { z: 2, a: 3 }], a: null };

describe('structures', () => {
  it('are flattened by sorted keys, as in Keras', () => {
    expect(tree.flatten(structure)).toEqual([null, 1, 3, 2]);
    expect(tree.flatten({ 100: 'b', 6: 'a', x: 'c' })).toEqual(['a', 'b', 'c']);
    expect(tree.flattenWithPath(structure)).toEqual([[['a'], null], [['b', 0], 1], [['b', 1, 'a'], 3], [['b', 1, 'z'], 2]]);
    expect([tree.flatten(5), tree.flatten(null), tree.flatten([])]).toEqual([[5], [null], []]);
    const tensor = ops.ones([2]);
    expect(tree.flatten([tensor, new Float32Array(2)])).toEqual([tensor, new Float32Array(2)]);
  });
  it('are put together again', () => {
    const packed = tree.packSequenceAs(structure, [10, 11, 12, 13]);
    expect(packed).toEqual({ b: [11, { z: 13, a: 12 }], a: 10 });
    expect(Object.keys(packed as object)).toEqual(['b', 'a']);
    expect(tree.packSequenceAs('leaf', ['x'])).toBe('x');
    expect(() => tree.packSequenceAs(structure, [1])).toThrow(/has 4 leaves, received 1/);
    expect(() => tree.packSequenceAs(structure, 5 as never)).toThrow(/expected an array of leaves/);
    expect(tree.listsToTuples([[1], { a: [2] }])).toEqual([[1], { a: [2] }]);
  });
  it('are told from leaves', () => {
    expect([[], {}, [1]].every(tree.isNested)).toBe(true);
    expect([1, null, 'a', ops.ones([2]), new Float32Array(1), new Map()].some(tree.isNested)).toBe(false);
  });
  it('are compared', () => {
    expect(() => tree.assertSameStructure({ a: [1], b: 2 }, { b: 'x', a: ['y'] })).not.toThrow();
    expect(() => tree.assertSameStructure([1, [2]], [1, 2])).toThrow(
      'assertSameStructure: the structures differ at [1]: an array and a leaf',
    );
    expect(() => tree.assertSameStructure({ a: 1 }, { b: 1 })).toThrow(/an object with \['a'\] and one with \['b'\]/);
    expect(() => tree.assertSamePaths([1, 2], { 0: 'a', 1: 'b' })).not.toThrow();
    expect(() => tree.assertSamePaths([1, 2], [1, [2]])).toThrow(/only the first has \['1'\]; only the second has \['1'\]\['0'\]/);
  });
});

describe('functions', () => {
  it('are applied to leaves', () => {
    expect(tree.mapStructure((x: number) => x * 2, [1, { a: 2 }])).toEqual([2, { a: 4 }]);
    expect(tree.mapStructure((x: number, y: number) => x + y, { a: 1, b: [2] }, { b: [20], a: 10 })).toEqual({ a: 11, b: [22] });
    expect(tree.mapStructure(String, [1, null])).toEqual(['1', 'null']);
    expect(tree.mapStructure(String, [1, null], { noneIsLeaf: false })).toEqual(['1', null]);
    expect(() => tree.mapStructure((x) => x, [1], [[1]])).toThrow(/differ at \[0\]: a leaf and an array/);
    expect(() => tree.mapStructure((x) => x)).toThrow(/at least one structure/);
    expect(() => tree.mapStructure(3 as never, [1])).toThrow(/expected a function/);
  });
  it('are applied down to a shallower structure', () => {
    expect(tree.mapStructureUpTo([null, [null, null]], JSON.stringify as never, [[1, 1], [2, 2]])).toEqual(['[1,1]', ['2', '2']]);
    expect(() => tree.mapStructureUpTo([[null]], (x) => x, [1])).toThrow(/differ at \[0\]/);
  });
  it('are applied to shapes', () => {
    expect(tree.mapShapeStructure((shape: unknown[]) => shape.length, { a: [null, 2], b: [[3], []] })).toEqual({ a: 2, b: [1, 0] });
  });
  it('do not contain themselves', () => {
    const around: unknown[] = [1, 2];
    around.push(around);
    const same = (x: unknown) => x;
    expect(() => tree.mapStructure(same, around)).toThrow(/does one contain itself/);
    expect(() => tree.mapStructureUpTo(around, same, around)).toThrow(/does one contain itself/);
    expect(() => tree.mapShapeStructure(same, around)).toThrow(/contains itself/);
    expect(() => tree.traverse(() => null, around)).toThrow(/contains itself/);
    expect(() => new callbacks.CallbackList({ callbacks: around as never })).toThrow(/contains itself/);
  });
  it('see structures before or after their parts', () => {
    const seen = (topDown: boolean) => {
      const visit = jest.fn((): unknown => undefined);
      expect(tree.traverse(visit, [[1, 2], { a: 3 }], { topDown })).toEqual([[1, 2], { a: 3 }]);
      return visit.mock.calls.map(([part]: unknown[]) => JSON.stringify(part));
    };
    expect(seen(true)).toEqual(['[[1,2],{"a":3}]', '[1,2]', '1', '2', '{"a":3}', '3']);
    expect(seen(false)).toEqual(['1', '2', '[1,2]', '3', '{"a":3}', '[[1,2],{"a":3}]']);
    const replace = (part: unknown) => (part === 2 ? tree.MAP_TO_NONE : Array.isArray(part) && part.length === 1 ? 'one' : null);
    expect(tree.traverse(replace, [1, 2, [3]])).toEqual([1, null, 'one']);
  });
});
