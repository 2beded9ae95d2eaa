// `keras.callbacks`.
export { Callback, type CallbackParams, type Logs } from './callback.js';
export { EarlyStopping, type EarlyStoppingOptions, type MonitorMode } from './early-stopping.js';
export { History } from './history.js';
export { LambdaCallback, type LambdaCallbackOptions } from './lambda-callback.js';
export { ProgbarLogger } from './progbar-logger.js';
