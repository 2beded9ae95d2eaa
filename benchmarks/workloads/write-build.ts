// What saving is compared with: writing the bytes of a saved ResNet50 to the disk, and building the model.
import { readFileSync } from 'node:fs';
import { build, fileNamed, peakMb, savedFile, secondsOnce, writeDurably } from '../resnet50-file.js';
import { report } from '../timing.js';

const bytes = readFileSync(savedFile());
const seconds = await secondsOnce(() => {
  writeDurably(fileNamed('written'), bytes);
  build();
});
report(seconds, { rssMb: peakMb() });
