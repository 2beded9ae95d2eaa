// What loading cannot do without: reading the bytes of a saved ResNet50 from the page cache, and building the model.
import { readFileSync } from 'node:fs';
import { build, peakMb, savedFile, secondsOnce } from '../resnet50-file.js';
import { report } from '../timing.js';

const path = savedFile();
const seconds = await secondsOnce(() => [readFileSync(path), build()]);
report(seconds, { rssMb: peakMb() });
