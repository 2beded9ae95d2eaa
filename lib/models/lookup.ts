// Where configs find the classes of models.
import { provideModule } from '../config/registration.js';
import { Functional, Model } from './model.js';
import { Sequential } from './sequential.js';

const provide = (module: string, members: Record<string, unknown>) =>
  provideModule(module, { find: (name) => (Object.hasOwn(members, name) ? members[name] : null), names: () => Object.keys(members) });
provide('keras', { Model, Sequential });
provide('keras.models', { Model, Sequential });
provide('keras.src.models.functional', { Functional });
