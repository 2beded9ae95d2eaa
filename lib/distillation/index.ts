// `keras.distillation`.
import { provideModule } from '../config/registration.js';
import { Distiller } from './distiller.js';
import { DistillationLoss, FeatureDistillation, LogitsDistillation } from './losses.js';

export { type DistillationLosses, Distiller, type DistillerOptions } from './distiller.js';
export { DistillationLoss, FeatureDistillation, LogitsDistillation } from './losses.js';
export type { NestedLoss, NestedLossLike } from './nested-loss.js';

const members: Record<string, unknown> = { DistillationLoss, Distiller, FeatureDistillation, LogitsDistillation };
provideModule('keras.distillation', { find: (name) => (Object.hasOwn(members, name) ? members[name] : null), names: () => Object.keys(members) });
