// Name scopes: the path that variables get (`sequential/dense/kernel`) and the layer that errors name.
import { context, withContext } from './context.js';

/** The current path, `''` at the top. */
export const currentScope = (): string => context().path;

/** The current path with `name` appended. An empty name adds nothing. */
export const pathWith = (name: string, path = currentScope()): string => (path === '' || name === '' ? path + name : `${path}/${name}`);

/** Runs `fn` with `name` appended to the current path. */
export const withScope = <T>(name: string, fn: () => T): T => (name === '' ? fn() : withPath(pathWith(name), fn));

/** Runs `fn` with `path` as the whole current path. */
export const withPath = <T>(path: string, fn: () => T): T => withContext({ path }, fn);
