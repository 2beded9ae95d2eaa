// isKerasTensor.
import { KerasTensor } from '../symbolic/keras-tensor.js';

/** Whether `x` is the symbol of a model that is being built. */
export const isKerasTensor = (x: unknown): x is KerasTensor => x instanceof KerasTensor;
