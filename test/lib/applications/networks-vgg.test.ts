// VGG and Xception against recordings of Keras.
import { testNetworks } from './networks.js';

testNetworks('vgg');
