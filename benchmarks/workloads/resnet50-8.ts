// `predict` of eight images of 224×224 by ResNet50.
import { measureResNet50 } from '../resnet50.js';

await measureResNet50(8);
