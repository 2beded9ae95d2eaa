// The scope in which variables do not change; see `StatelessScope`.
import { context } from './context.js';
import type { Tensor } from './tensor.js';
import type { Variable } from './variable.js';

/** What a stateless scope keeps. */
export interface StatelessState {
  readonly values: Map<Variable, Tensor>;
  readonly losses: Tensor[];
  readonly collectLosses: boolean;
}

/** The innermost open scope; null when there is none. */
export const statelessState = (): StatelessState | null => context().stateless;
