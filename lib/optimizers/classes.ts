// All optimizers.
export { Adadelta, type AdadeltaOptions } from './adadelta.js';
export { Adafactor, type AdafactorOptions } from './adafactor.js';
export { Adagrad, type AdagradOptions } from './adagrad.js';
export { Adam, type AdamOptions, AdamW, type AdamWOptions } from './adam.js';
export { Adamax, type AdamaxOptions } from './adamax.js';
export { Ftrl, type FtrlOptions } from './ftrl.js';
export { Lamb, type LambOptions } from './lamb.js';
export { Lion, type LionOptions } from './lion.js';
export { LossScaleOptimizer, type LossScaleOptimizerOptions } from './loss-scale-optimizer.js';
export { MultiOptimizer, type MultiOptimizerOptions } from './multi-optimizer.js';
export { Muon, type MuonOptions } from './muon.js';
export { Nadam, type NadamOptions } from './nadam.js';
export { RMSprop, type RMSpropOptions } from './rmsprop.js';
export { ScheduleFreeAdamW, type ScheduleFreeAdamWOptions } from './schedule-free-adamw.js';
export { SGD, type SGDOptions } from './sgd.js';
