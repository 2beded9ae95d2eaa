// The scope in which variables do not change; see `StatelessScope`.
import type { Tensor } from './tensor.js';
import { openAssignments, type Variable } from './variable.js';

/** What a stateless scope keeps. */
export interface StatelessState {
  readonly values: Map<Variable, Tensor>;
  readonly losses: Tensor[];
  readonly collectLosses: boolean;
}

let current: StatelessState | null = null;
/** The innermost open scope; null when there is none. */
export const statelessState = (): StatelessState | null => current;

/** Opens a scope, until the function that is returned runs. */
export function openStateless(state: StatelessState): () => void {
  const previous = current;
  const close = openAssignments(state.values);
  current = state;
  return () => {
    close();
    current = previous;
  };
}
