// Numbers of the kernels and tile ops of the running instruction set, by name and dtype.
import type { DType } from '../base/dtype.js';
import { NATIVE_DTYPES } from '../base/dtype.js';
import { native, type NativeInfo } from './native.js';

interface Tables {
  readonly info: NativeInfo;
  readonly kernels: ReadonlyMap<string, number>;
  readonly tiles: ReadonlyMap<string, number>;
}
let tables: Tables | undefined;

/** Of rows that can do the same the first is the fastest. */
const index = (rows: readonly { name: string; dtype: string }[]) =>
  new Map(rows.map(({ name, dtype }, i) => [`${name}/${dtype}`, i] as const).reverse());

function load(): Tables {
  const info = native.info();
  if (info.dtypes.join() !== NATIVE_DTYPES.join())
    throw new Error('the native core was built from other sources than this package: rebuild it (npm run build)');
  return { info, kernels: index(info.kernels), tiles: index(info.tiles) };
}
const get = (): Tables => (tables ??= load());

function numberOf(map: ReadonlyMap<string, number>, kind: string, name: string, dtype: DType): number {
  const found = map.get(`${name}/${dtype}`);
  if (found === undefined) throw new TypeError(`${name} is not defined for ${dtype} (no ${kind} of this name and dtype)`);
  return found;
}
/** The number of a kernel. Throws a TypeError when the dtype has none. */
export const kernelNumber = (name: string, dtype: DType): number => numberOf(get().kernels, 'kernel', name, dtype);
/** The number of a tile op. Throws a TypeError when the dtype has none. */
export const tileNumber = (name: string, dtype: DType): number => numberOf(get().tiles, 'tile op', name, dtype);
/** Whether there is a kernel of this name for the dtype. */
export const hasKernel = (name: string, dtype: DType): boolean => get().kernels.has(`${name}/${dtype}`);
