// RematScope: layers whose intermediate results are computed again for the gradient instead of kept.
import type { Context } from '../../core/context.js';
import { Scope } from '../../config/scopes.js';
import { checkOptions, didYouMean, show } from '../../base/errors.js';

const MODES = ['full', 'activations', 'larger_than', 'list_of_layers'] as const;
/** What is computed again. */
export type RematMode = (typeof MODES)[number];

/** Options of `RematScope`. */
export interface RematScopeOptions {
  /**
   * `'full'`: every layer; `'activations'`: the activation functions of layers; `'larger_than'`: layers with more outputs than
   * `outputSizeThreshold`; `'list_of_layers'`: those in `layerNames`; null: none. Default `'full'`.
   */
  mode?: RematMode | null;
  /** Default 1024. */
  outputSizeThreshold?: number;
  /** Names of layers. Default none. */
  layerNames?: readonly string[] | null;
}

/**
 * Layers that are made in the scope compute their intermediate results again for the gradient instead of keeping them, which saves memory
 * and takes time:
 *
 * ```ts
 * const model = new keras.RematScope({ mode: 'full' }).run(() => new keras.Sequential([…]));
 * ```
 * @throws for unknown modes.
 */
export class RematScope extends Scope {
  readonly mode: RematMode | null;
  readonly outputSizeThreshold: number;
  readonly layerNames: readonly string[];

  constructor(options: RematScopeOptions = {}) {
    super();
    checkOptions('RematScope', options, ['mode', 'outputSizeThreshold', 'layerNames']);
    const { mode = 'full', outputSizeThreshold = 1024, layerNames = null } = options;
    if (mode !== null && !MODES.includes(mode))
      throw new TypeError(
        `RematScope: unknown mode ${show(mode)}${didYouMean(mode, MODES)}; expected ${MODES.map(show).join(', ')} or null`,
      );
    this.mode = mode;
    this.outputSizeThreshold = outputSizeThreshold;
    this.layerNames = layerNames ?? [];
  }

  protected override changes(): Partial<Context> {
    return { remat: this };
  }
}
