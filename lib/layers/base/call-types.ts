// The types of calls: what a layer or model takes and gives, from its method `call`.
import type { Nested } from '../../base/tree.js';
import type { Tensor } from '../../core/tensor.js';
import type { KerasTensor } from '../../symbolic/keras-tensor.js';
import type { StepOptions } from './call.js';

/* eslint-disable @typescript-eslint/no-explicit-any -- any method `call` fits */
interface Called {
  call(...args: any[]): unknown;
}

/** A structure with symbols in the place of its tensors. */
export type SymbolsOf<R> = R extends Tensor ? KerasTensor : R extends object ? { [K in keyof R]: SymbolsOf<R[K]> } : R;
/** A structure with tensors in the place of its symbols; what is not known stays so. */
export type TensorsOf<S> =
  Nested<KerasTensor> extends S ? unknown : S extends Tensor | KerasTensor ? Tensor : { -readonly [K in keyof S]: TensorsOf<S[K]> };

/**
 * What may follow the first input in a call. Layers have further inputs and options of their own. A model has `training` and `mask` only,
 * so that a misspelled option is an error, unless its own `call` has a second parameter.
 */
export type RestOf<L extends Called> = [L] extends [{ trainStep: unknown }] ? ModelRest<Parameters<L['call']>[1]> : any[];
type ModelRest<P> = unknown extends P ? [options?: StepOptions] : [P] extends [undefined] ? [options?: StepOptions] : any[];
