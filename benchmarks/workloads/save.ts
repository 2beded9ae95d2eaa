// Saving a ResNet50 in a fresh process: seconds, and the most memory that the process had.
import { build, fileNamed, peakMb, secondsOnce } from '../resnet50-file.js';
import { report } from '../timing.js';

const model = build();
const seconds = await secondsOnce(() => model.save(fileNamed('saved.keras')));
report(seconds, { rssMb: peakMb() });
