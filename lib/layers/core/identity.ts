// Identity: the layer that does nothing.
import type { LayerOptions } from '../base/options.js';
import { layer } from '../base/layer.js';

/** Options of `Identity`. */
export type IdentityOptions = LayerOptions;

/** Gives its inputs as they are: a place holder where a layer may stand. Any shape, and structures of inputs. */
export class Identity extends layer('Identity', {}) {
  static override readonly builtWhenMade = true;
  static readonly samples = [{ args: [], inputs: [[2, 3]] }];
  override supportsMasking = true;

  override call(inputs: unknown): unknown {
    return inputs;
  }
}
