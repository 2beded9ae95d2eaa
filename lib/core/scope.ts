// Name scopes: the path that variables get (`sequential/dense/kernel`) and the layer that errors name.
const scopes: string[] = [];

/** Runs `fn` with `name` appended to the current path. An empty name adds nothing. */
export function withScope<T>(name: string, fn: () => T): T {
  if (name === '') return fn();
  scopes.push(name);
  try {
    return fn();
  } finally {
    scopes.pop();
  }
}

/** Makes `path` the whole current path until the function that is returned runs. */
export function openPath(path: string): () => void {
  const saved = scopes.splice(0, scopes.length, ...(path === '' ? [] : [path]));
  return () => void scopes.splice(0, scopes.length, ...saved);
}

/** The current path, `''` at the top. */
export const currentScope = (): string => scopes.join('/');

/** Runs `fn` with `path` as the whole current path. */
export function withPath<T>(path: string, fn: () => T): T {
  const close = openPath(path);
  try {
    return fn();
  } finally {
    close();
  }
}
