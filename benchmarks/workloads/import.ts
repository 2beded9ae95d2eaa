// Importing the library in a fresh process: seconds, and the memory that the process then holds.
import { report } from '../timing.js';

const start = performance.now();
await import('keratin');
report((performance.now() - start) / 1e3, { rssMb: process.memoryUsage().rss / 2 ** 20 });
