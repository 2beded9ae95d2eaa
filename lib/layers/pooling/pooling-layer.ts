// What all pooling layers share.
import { configured, type ConfigOf } from '../../config/configurable.js';
import type { Schema } from '../../config/fields.js';
import type { Tensor } from '../../core/tensor.js';
import { InputSpec } from '../base/input-spec.js';
import { type CallOptions, Layer } from '../base/layer.js';
import type { LayerOptions } from '../base/options.js';

/** A layer that pools the spatial axes of a batch. */
export interface PoolingLayer extends Layer {
  /** The pooled batch, of as many axes unless the spatial ones are gone. */
  call(x: Tensor, options?: CallOptions): Tensor;
}
const PoolingBase = Layer as unknown as (new (options: LayerOptions) => PoolingLayer) &
  Pick<typeof Layer, 'baseSchema' | 'module' | 'builtWhenMade'>;

/** What is pooled: over how many spatial axes, and how. */
interface Pooling<S extends Schema> {
  readonly rank: number;
  readonly pool: (x: Tensor, config: ConfigOf<S>) => Tensor;
}

/** The base of a pooling layer with these options. */
export function poolingLayer<const S extends Schema, const P extends readonly (keyof S & string)[] = []>(
  className: string,
  schema: S,
  { rank, pool }: Pooling<S>,
  positional?: P,
) {
  const Base = configured<typeof PoolingBase, S, P>(PoolingBase, className, schema, positional);
  class PoolingOfRank extends (Base as unknown as new () => PoolingLayer & { readonly config: ConfigOf<S> }) {
    override inputSpec = new InputSpec({ ndim: rank + 2 });

    override call(x: Tensor): Tensor {
      return pool(x, this.config);
    }
  }
  return PoolingOfRank as unknown as typeof Base;
}
