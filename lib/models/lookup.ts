// Where configs find the classes of models.
import { provideMembers } from '../config/registration.js';
import { Functional, Model } from './model.js';
import { Sequential } from './sequential.js';

provideMembers('keras', { Model, Sequential });
provideMembers('keras.models', { Model, Sequential });
provideMembers('keras.src.models.functional', { Functional });
