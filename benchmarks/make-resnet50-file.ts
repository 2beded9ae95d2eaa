// Saves a ResNet50 at the path that is given.
import { build } from './resnet50-file.js';

await build().save(process.argv[2]);
