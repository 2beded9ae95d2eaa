// Callable objects, for the families that are made from schemas.
export { Callable } from '../base/callable.js';
