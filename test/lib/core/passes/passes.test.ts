// Each pass alone, by the graphs that it prints.
import { describe, expect, it } from '@jest/globals';
import { ops, Variable, type Tensor } from 'keratin';
import { bind } from '#lib/core/bind.js';
import { verify, type Graph, type Node } from '#lib/core/graph.js';
import { defineOp } from '#lib/core/op.js';
import { eliminateCommon } from '#lib/core/passes/cse.js';
import { fuse } from '#lib/core/passes/fuse.js';
import { arrange, optimize, runPass } from '#lib/core/passes/index.js';
import { materialize } from '#lib/core/passes/materialize.js';
import { schedule, verifySchedule } from '#lib/core/passes/schedule.js';
import { simplify } from '#lib/core/passes/simplify.js';
import { input, output } from '#lib/core/program.js';
import { finish } from '#lib/core/work.js';
import { whileLoop } from '#lib/ops/primitives/control.js';
import { after, graphOf, lines, opsOf } from '../../../helpers/graphs.js';

const inPlace = (graph: Graph) => [...finish(arrange(graph)).inPlace.values()].map(({ name }) => name);

describe('simplify', () => {
  const simplified = (shapes: number[][], fn: (...inputs: Tensor[]) => Tensor[]) => lines(after(graphOf(shapes, fn), simplify));

  it('drops neutral operands, and keeps what changes the sign of zero', () => {
    expect(simplified([[2]], (x) => [ops.divide(ops.multiply(1, ops.subtract(x, 0)), 1)])).toEqual(['return in0']);
    expect(simplified([[2]], (x) => [ops.add(x, 0)])).toEqual(['%1: float32(2,) = add(in0, 0)', 'return %1']);
    expect(simplified([[2]], (x) => [ops.subtract(x, -0)])[0]).toContain('subtract(in0, ');
  });

  it('joins reshapes, undoes transposes, and reads transposed operands of products in place', () => {
    expect(simplified([[2, 3]], (x) => [ops.reshape(ops.reshape(x, [6]), [3, 2])])[0]).toBe(
      '%1: float32(3, 2) = reshape(in0) {"shape":[3,2]}',
    );
    expect(simplified([[2, 3]], (x) => [ops.transpose(ops.transpose(x))])).toEqual(['return in0']);
    expect(simplified([[2, 3], [2, 3]], (x, y) => [ops.matmul(x, ops.transpose(y))])[0]).toContain('"transposeA":false,"transposeB":true');
  });

  it('has elementwise calls broadcast by themselves', () => {
    expect(simplified([[2, 3], [3]], (x, y) => [ops.add(x, ops.broadcastTo(y, [2, 3]))])).toEqual([
      '%2: float32(2, 3) = add(in0, in1)',
      'return %2',
    ]);
  });
});

describe('cse', () => {
  it('computes equal calls once, and calls with other attributes apart', () => {
    const graph = graphOf([[2, 3]], (x) => [ops.sum(x, { axis: 0 }), ops.sum(x, { axis: 0 }), ops.sum(x, { axis: 1 })]);
    expect(opsOf(after(graph, eliminateCommon))).toHaveLength(2);
    const pads = graphOf([[1]], (x) =>
      [Infinity, -Infinity, NaN, 0, -0, 0].map((value) => ops.pad(x, [[1, 0]], { constantValues: value })),
    );
    expect(opsOf(after(pads, eliminateCommon))).toHaveLength(5);
  });

  it('tells ops of one name apart', () => {
    const [a, b] = [0, 1].map(() => defineOp('same', { infer: ([x]) => [x], vjp: null, lower: () => [] }));
    expect(
      opsOf(
        after(
          graphOf([[1]], (x) => [...bind(a, [x as never]), ...bind(b, [x as never]), ...bind(a, [x as never])] as never),
          eliminateCommon,
        ),
      ),
    ).toEqual(['same', 'same']);
  });
});

describe('materialize', () => {
  it('copies results that have no memory of their own', () => {
    const graph = graphOf([[2, 3]], (x) => {
      const y = ops.exp(x);
      return [x, ops.reshape(x, [6]), y, y, ops.reshape(y, [3, 2])];
    });
    expect(opsOf(after(graph, materialize))).toEqual(['exp', 'reshape', 'reshape', 'copy', 'copy', 'copy', 'copy']);
  });
});

describe('fuse', () => {
  const fusedLines = (shapes: number[][], fn: (...inputs: Tensor[]) => Tensor[]) => lines(after(graphOf(shapes, fn), fuse));

  it('makes one group of a chain, and an epilogue of what consumes a product', () => {
    expect(fusedLines([[4]], (x) => [ops.tanh(ops.multiply(ops.exp(x), x))])).toEqual([
      '%1: float32(4,) = fused(in0) {"group":"exp multiply tanh"}',
      'return %1',
    ]);
    expect(fusedLines([[2, 3], [3, 4], [4]], (x, w, b) => [ops.relu(ops.add(ops.matmul(x, w), b))])[0]).toMatch(
      /epilogue\(in0, in1, in2\).*"group":"add relu"/,
    );
  });

  it('keeps groups apart when something between them depends on one and is read by the other', () => {
    const printed = fusedLines([[4, 4]], (x) => {
      const y = ops.exp(x);
      return [ops.add(y, ops.cumsum(y, { axis: 0 }))];
    });
    expect(printed.map((line) => /"group":"([^"]*)"/.exec(line)?.[1] ?? null)).toEqual(['exp', null, 'add', null]);
  });

  it('moves what a group reads before the group', () => {
    const printed = after(graphOf([[4, 4]], (x) => {
      const y = ops.exp(x);
      const z = ops.cumsum(x, { axis: 0 });
      return [ops.add(y, z)];
    }), fuse);
    expect(opsOf(printed)).toHaveLength(2);
    expect(opsOf(printed)[1]).toBe('fused');
  });

  it('parts groups that would be too large', () => {
    const graph = after(graphOf([[4]], (x) => [Array.from({ length: 100 }).reduce<Tensor>((y) => ops.sin(y), x)]), fuse);
    expect(graph.nodes.map(({ attrs }) => (attrs.group as { nodes: Node[] }).nodes.length)).toEqual([48, 48, 4]);
  });
});

describe('schedule', () => {
  const variable = (name: string) => new Variable([1, 2], { name });

  it('writes updates over their variables, after everything that reads the old value', () => {
    const v = variable('v');
    const graph = graphOf([[2]], (x) => {
      const before = v.value;
      v.assign(ops.add(ops.multiply(v, 0.5), x));
      return [ops.cumsum(before)];
    });
    const { graph: ordered, inPlace: written } = finish(schedule(after(graph, materialize, fuse)));
    expect([...written.values()]).toEqual([v]);
    expect(opsOf(ordered).at(-1)).toBe('fused');
  });

  it('copies an update that is read where the old value is still needed', () => {
    const [a, b] = [variable('a'), variable('b')];
    const graph = graphOf([], () => {
      const [x, y] = [a.value, b.value];
      a.assign(y);
      b.assign(x);
      return [];
    });
    const scheduled = finish(arrange(finish(optimize(graph))));
    verifySchedule(scheduled);
    expect(new Set(scheduled.inPlace.values())).toEqual(new Set([a, b]));
  });

  it('writes nothing before what data can make fail, also inside of groups that it needs', () => {
    const v = variable('mean');
    const graph = graphOf([[2]], (x) => {
      const next = ops.add(ops.multiply(v, 0.9), x);
      v.assign(next);
      return [ops.take(ops.exp(next), ops.cast(ops.sum(next), 'int32'))];
    });
    expect(inPlace(graph)).toEqual(['mean']);
    const scheduled = finish(arrange(finish(optimize(graph))));
    verifySchedule(scheduled);
    const order = opsOf(scheduled.graph);
    expect(order.at(-1)).toBe('fused');
    expect(order.indexOf('gather')).toBeLessThan(order.length - 1);
  });
});

describe('calls with an effect', () => {
  const tell = defineOp('tell', {
    infer: ([x]) => [x],
    vjp: null,
    effect: 'ordered',
    lower: ({ inputs: [x] }) => [
      { kernel: 'copy_strided', dtype: x.dtype, operands: [input(0), output(0)], ints: [1, x.size, 1, 1, 0, 0] },
    ],
  });
  const told = (x: Tensor): Tensor => bind(tell, [x as never])[0];

  it('are neither dropped nor merged nor reordered by any pass', () => {
    const v = new Variable([1, 2], { name: 'v' });
    const graph = graphOf([[2]], (x) => {
      told(ops.exp(x));
      const kept = told(x);
      told(x);
      v.assign(ops.add(v, told(ops.exp(kept))));
      told(v.value);
      return [ops.multiply(x, 2)];
    });
    expect(opsOf(graph).filter((name) => name === 'tell')).toHaveLength(5);
    const effects = (current: Graph) =>
      current.nodes
        .filter(({ op }) => op === (tell as unknown))
        .map(({ inputs: [x] }) => (x.source.kind === 'node' ? x.source.node.op.name : x.source.kind));
    const expected = effects(graph).map((name) => (['exp', 'add', 'cast'].includes(name) ? 'fused' : name));
    const { graph: ordered } = finish(arrange(finish(optimize(graph))));
    expect(effects(ordered)).toEqual(expected);
  });

  it('stay inside of loops whose results nobody reads', () => {
    const graph = graphOf([[2]], (x) => {
      whileLoop((i) => ops.less(i, 3), (i) => [ops.add(told(i), 1)], [ops.cast(ops.sum(x), 'int32')], null);
      return [x];
    });
    expect(opsOf(finish(optimize(graph)))).toContain('while_loop');
  });

  it('are part of a program also when what they are called on is known', () => {
    expect(opsOf(graphOf([[2]], (x) => (told(ops.ones([2])), [x])))).toContain('tell');
  });

  it('must be instructions', () => {
    expect(() => defineOp('quiet', { infer: ([x]) => [x], vjp: null, lower: 'alias', effect: 'ordered' })).toThrow(/instructions/);
  });
});

describe('the verifier', () => {
  const chain = () => graphOf([[2]], (x) => [ops.exp(ops.sin(x))]);

  it('finds values that are read before they are made, or made twice, and other specs than inferred', () => {
    const graph = chain();
    expect(() => verify({ ...graph, nodes: graph.nodes.toReversed() })).toThrow(/exp reads a value that is not there/);
    expect(() => verify({ ...graph, nodes: [...graph.nodes, graph.nodes[0]] })).toThrow(/made twice/);
    expect(() => verify({ ...graph, nodes: [] })).toThrow(/the result reads/);
    const other = graphOf([[3]], (x) => [ops.sin(x)]).nodes[0].outputs;
    expect(() => verify({ ...graph, nodes: [{ ...graph.nodes[0], outputs: other }] })).toThrow(/another spec/);
  });

  it('runs after every pass, which may not lose an effect', () => {
    const broken = finish.bind(null, runPass(function* (graph) { yield; return { ...graph, nodes: graph.nodes.toReversed() }; }, chain()));
    expect(broken).toThrow(/not there/);
    const tell = defineOp('tell', { infer: ([x]) => [x], vjp: null, effect: 'ordered', lower: () => [] });
    const graph = graphOf([[2]], (x) => (bind(tell, [x as never]), [x]));
    expect(() => finish(runPass(function* (g) { yield; return { ...g, nodes: [] }; }, graph))).toThrow(/dropped, merged or moved/);
  });
});
