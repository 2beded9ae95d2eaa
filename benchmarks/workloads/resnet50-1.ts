// `predict` of one image of 224×224 by ResNet50.
import { measureResNet50 } from '../resnet50.js';

await measureResNet50(1);
