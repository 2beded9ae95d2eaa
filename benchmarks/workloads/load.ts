// Loading a ResNet50 from a file that is in the page cache, in a fresh process: seconds, and the most memory that the process had.
import { saving } from 'keratin';
import { peakMb, savedFile, secondsOnce } from '../resnet50-file.js';
import { report } from '../timing.js';

const path = savedFile();
const seconds = await secondsOnce(() => saving.loadModel(path));
report(seconds, { rssMb: peakMb() });
