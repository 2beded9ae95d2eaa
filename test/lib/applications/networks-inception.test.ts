// Inception against recordings of Keras.
import { testNetworks } from './networks.js';

testNetworks('inception');
