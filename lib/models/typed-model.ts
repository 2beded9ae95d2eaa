// `keras.Model`: the class of models, with the types of the outputs that a model is made of.
import type { StepOptions } from '../layers/base/call.js';
import type { SymbolsOf, TensorsOf } from '../layers/base/call-types.js';
import type { TensorLike } from '../core/convert.js';
import type { Tensor } from '../core/tensor.js';
import type { Symbols } from '../symbolic/function.js';
import type { KerasTensor } from '../symbolic/keras-tensor.js';
import type { BatchStream, Data } from '../training/data.js';
import type { PredictOptions } from '../training/options.js';
import { Model as ModelClass, type ModelOptions } from './model.js';

type SomeSymbols = KerasTensor | readonly KerasTensor[] | { readonly [name: string]: KerasTensor };
/** What a model of known outputs gives. */
interface Outputs<O> {
  (inputs: SomeSymbols, options?: StepOptions): SymbolsOf<O>;
  (inputs: Data, options?: StepOptions): O;
  call(inputs: unknown, ...rest: unknown[]): O;
  predict(x: Data | BatchStream, options?: PredictOptions): Promise<O>;
  predictOnBatch(x: Data): Promise<O>;
  statelessCall(trainable: readonly TensorLike[], nonTrainable: readonly TensorLike[], ...args: unknown[]): [O, Tensor[], ...Tensor[][]];
}
/** A model whose outputs have the structure `O`: a tensor, or several in arrays and objects. */
export type Model<O = unknown> = unknown extends O ? ModelClass : Outputs<O> & ModelClass;

/** What makes models: `O` follows from the outputs. */
export interface ModelConstructor extends Omit<typeof ModelClass, 'prototype'> {
  readonly prototype: ModelClass;
  new <const O = unknown>(inputs: Symbols, outputs: O & Symbols, options?: ModelOptions): Model<TensorsOf<O>>;
  new <const O = unknown>(named: { inputs: Symbols; outputs: O & Symbols } & ModelOptions): Model<TensorsOf<O>>;
  new <const O = unknown>(options?: ModelOptions): Model<TensorsOf<O>>;
}

/**
 * A model. It is made of symbols (a functional model):
 *
 * ```ts
 * const inputs = keras.Input([784]);
 * const hidden = new keras.layers.Dense(32, { activation: 'relu' })(inputs);
 * const outputs = new keras.layers.Dense(10)(hidden);
 * const model = new keras.Model(inputs, outputs, { name: 'mlp' });
 * ```
 * or extended with a `call`; `Sequential` is a third kind.
 *
 * ```ts
 * class Net extends keras.Model {
 *   hidden = new keras.layers.Dense(32, { activation: 'relu' });
 *   out = new keras.layers.Dense(1);
 *   call(x) { return this.out(this.hidden(x)); }
 * }
 * ```
 * Inputs and outputs are symbols, or arrays or objects of them, nested as data will come. Any symbol that was made on the way from an
 * `Input` may be an input or an output of further models, which share the layers. A `training: false` that a layer was called with stays,
 * in `fit` too: so a base model whose weights are frozen keeps its statistics (`base(inputs, { training: false })`).
 * @throws for inputs or outputs that are no symbols, outputs that do not depend on the inputs alone, and names that are used twice.
 * @class
 */
export const Model = ModelClass as unknown as ModelConstructor;
