// `keras.distillation`.
import { provideMembers } from '../config/registration.js';
import { Distiller } from './distiller.js';
import { DistillationLoss, FeatureDistillation, LogitsDistillation } from './losses.js';

export { type DistillationLosses, Distiller, type DistillerOptions } from './distiller.js';
export { DistillationLoss, FeatureDistillation, LogitsDistillation } from './losses.js';
export type { NestedLoss, NestedLossLike } from './nested-loss.js';

provideMembers('keras.distillation', { DistillationLoss, Distiller, FeatureDistillation, LogitsDistillation });
