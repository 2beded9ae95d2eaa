// What is measured: one row a workload. The programs are in workloads/ (Keratin) and peers/ (everybody else).

/** A workload: its name, and how to show the seconds of one unit of its work. */
export interface Workload {
  name: string;
  /** The unit of the table, which also says what one unit of work is. */
  unit: string;
  /** Seconds of one unit of work, expressed in the table's unit. */
  inUnit(seconds: number): number;
  /** The workload that this one is compared with, of ours. */
  floor?: string;
}

/** Multiplications and additions of a product of two 1024×1024 matrices. */
const GEMM_FLOPS = 2 * 1024 ** 3;

const seconds = (s: number) => s;
const milliseconds = (s: number) => s * 1e3;
const microseconds = (s: number) => s * 1e6;

/** Every workload, in the order of the table. */
export const workloads: readonly Workload[] = [
  { name: 'tiny_mlp', unit: 's/epoch', inUnit: seconds },
  { name: 'mnist_mlp', unit: 's/epoch', inUnit: seconds },
  { name: 'predict1', unit: 'ms/call', inUnit: milliseconds },
  { name: 'cifar_cnn', unit: 's/epoch', inUnit: seconds },
  { name: 'lstm', unit: 's/epoch', inUnit: seconds },
  { name: 'gru', unit: 's/epoch', inUnit: seconds },
  { name: 'transformer', unit: 's/epoch', inUnit: seconds },
  { name: 'resnet50_1', unit: 'ms/call', inUnit: milliseconds },
  { name: 'resnet50_8', unit: 'ms/call', inUnit: milliseconds },
  { name: 'gemm', unit: 'GFLOP/s', inUnit: (s) => GEMM_FLOPS / s / 1e9 },
  { name: 'kernels', unit: 'ms/all shapes', inUnit: milliseconds },
  { name: 'eager_add', unit: 'µs/addition', inUnit: microseconds },
  { name: 'read_build', unit: 's', inUnit: seconds },
  { name: 'load', unit: 's', inUnit: seconds, floor: 'read_build' },
  { name: 'write_build', unit: 's', inUnit: seconds },
  { name: 'save', unit: 's', inUnit: seconds, floor: 'write_build' },
  { name: 'import', unit: 's/import', inUnit: seconds },
];
