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
const measure = (name: string, work: number, call: () => void): void => {
  parts.push({ name, flops: 2 * work, seconds: briefSecondsPerCall(call) });
};

/** A convolution and both its gradients, each as a compiled function. */
function convolution({ name, batch, size, kernel, stride = 1, cin, cout = cin, padding = 'same' }: WindowShape, depthwise: boolean): void {
  const x = draw([batch, size, size, cin]);
  const weights = draw([kernel, kernel, cin, depthwise ? 1 : cout]);
  const run = (a: Tensor, b: Tensor) => (depthwise ? ops.depthwiseConv : ops.conv)(a, b, { strides: stride, padding });
  const dy = draw([...run(x, weights).shape]);
  const work = dy.size * kernel * kernel * (depthwise ? 1 : cin);
  const inputGradient = jit((d: Tensor, w: Tensor) => vjp((a: Tensor) => run(a, w), x)[1](d));
  const kernelGradient = jit((d: Tensor, a: Tensor) => vjp((w: Tensor) => run(a, w), weights)[1](d));
  measure(name, work, () => run(x, weights));
  measure(`${name}, input gradient`, work, () => inputGradient(dy, weights));
  measure(`${name}, kernel gradient`, work, () => kernelGradient(dy, x));
}

for (const shape of shapes.matmul) {
  const [a, b] = [draw(shape.a), draw(shape.b)];
  measure(shape.name, a.size * shape.b[shape.b.length - 1], () => ops.matmul(a, b));
}
for (const shape of shapes.conv) convolution(shape, false);
for (const shape of shapes.depthwise) convolution(shape, true);

type Optional = Record<string, ((...args: unknown[]) => Tensor) | undefined>;
const { maxPool, einsum } = ops as unknown as Optional;
if (maxPool) {
  for (const { name, batch, size, kernel, stride, cin } of shapes.max_pool) {
    const x = draw([batch, size, size, cin]);
    const run = () => maxPool(x, kernel, { strides: stride, padding: 'valid' });
    measure(name, (run().size * kernel * kernel) / 2, run);
  }
}
if (einsum) {
  for (const { name, equation, a, b, work } of shapes.einsum) {
    const [left, right] = [draw(a), draw(b)];
    measure(name, work, () => einsum(equation, left, right));
  }
}

report(parts.reduce((sum, part) => sum + part.seconds, 0), { parts });
