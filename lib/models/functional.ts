// Functional: the class of models that are made of symbols.
import { provideModule } from '../config/registration.js';
import { DTypePolicy } from '../config/dtype-policy.js';
import { Model, setFunctionalClass } from './model.js';
import { Sequential } from './sequential.js';

/** What `new Model(inputs, outputs)` makes; see `Model`. */
export class Functional extends Model {
  static override readonly module: string = 'keras.src.models.functional';
  static override readonly className: string = 'Functional';
  static readonly registeredName = 'Functional';
}

setFunctionalClass(Functional);
const provide = (module: string, members: Record<string, unknown>) => provideModule(module, { find: (name) => members[name], names: () => Object.keys(members) });
provide('keras', { Model, Sequential, DTypePolicy });
provide('keras.models', { Model, Sequential });
provide('keras.src.models.functional', { Functional });
