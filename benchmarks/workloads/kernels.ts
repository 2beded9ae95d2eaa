// Convolutions, poolings and products, shape by shape. The shapes are in kernels.json, for the peers as well.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { jit, ops, vjp, type Tensor } from 'keratin';
import { uniform } from '../data.js';
import type { Part } from '../measure.js';
import { root } from '../systems.js';
import { briefSecondsPerCall, report } from '../timing.js';

interface WindowShape {
  name: string;
  batch: number;
  size: number;
  kernel: number;
  stride?: number;
  cin: number;
  cout?: number;
  padding?: 'valid' | 'same';
}
interface Product {
  name: string;
  a: number[];
  b: number[];
}
interface Shapes {
  conv: WindowShape[];
  depthwise: WindowShape[];
  max_pool: WindowShape[];
  matmul: Product[];
  einsum: (Product & { equation: string; work: number })[];
}

const shapes = JSON.parse(readFileSync(join(root, 'benchmarks', 'kernels.json'), 'utf8')) as Shapes;
const draw = (shape: number[]): Tensor => ops.reshape(uniform(shape.reduce((a, b) => a * b, 1)), shape);
const parts: Part[] = [];
/** Measures a function compiled so that its result stays in the plan's memory, as that of a layer does in a training step. */
function measure(name: string, work: number, fn: (...inputs: Tensor[]) => Tensor, ...inputs: Tensor[]): void {
  const first = (y: Tensor) => ops.slice(y, y.shape.map(() => 0), y.shape.map(() => 1));
  const compiled = jit((...xs: Tensor[]) => first(fn(...xs)));
  parts.push({ name, flops: 2 * work, seconds: briefSecondsPerCall(() => compiled(...inputs)) });
}

/** A convolution and both its gradients. */
function convolution({ name, batch, size, kernel, stride = 1, cin, cout = cin, padding = 'same' }: WindowShape, depthwise: boolean): void {
  const x = draw([batch, size, size, cin]);
  const weights = draw([kernel, kernel, cin, depthwise ? 1 : cout]);
  const run = (a: Tensor, b: Tensor) => (depthwise ? ops.depthwiseConv : ops.conv)(a, b, { strides: stride, padding });
  const dy = draw([...run(x, weights).shape]);
  const work = dy.size * kernel * kernel * (depthwise ? 1 : cin);
  measure(name, work, run, x, weights);
  measure(`${name}, input gradient`, work, (d, w) => vjp((a: Tensor) => run(a, w), x)[1](d)[0], dy, weights);
  measure(`${name}, kernel gradient`, work, (d, a) => vjp((w: Tensor) => run(a, w), weights)[1](d)[0], dy, x);
}

for (const shape of shapes.matmul) {
  const [a, b] = [draw(shape.a), draw(shape.b)];
  measure(shape.name, a.size * shape.b[shape.b.length - 1], (left, right) => ops.matmul(left, right), a, b);
}
for (const shape of shapes.conv) convolution(shape, false);
for (const shape of shapes.depthwise) convolution(shape, true);

type Optional = Record<string, ((...args: unknown[]) => Tensor) | undefined>;
const { maxPool, einsum } = ops as unknown as Optional;
if (maxPool) {
  for (const { name, batch, size, kernel, stride, cin } of shapes.max_pool) {
    const x = draw([batch, size, size, cin]);
    const run = (given: Tensor) => maxPool(given, kernel, { strides: stride, padding: 'valid' });
    measure(name, (run(x).size * kernel * kernel) / 2, run, x);
  }
}
if (einsum) {
  for (const { name, equation, a, b, work } of shapes.einsum) {
    measure(name, work, (left, right) => einsum(equation, left, right), draw(a), draw(b));
  }
}

report(parts.reduce((sum, part) => sum + part.seconds, 0), { parts });
