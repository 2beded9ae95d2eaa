// Work that can be left and taken up again, so that long compilations need not keep the event loop waiting.

/** Yields often, and returns its result. */
export type Work<T> = Generator<undefined, T, undefined>;

/** Does the work at once. */
export function finish<T>(work: Work<T>): T {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}

/** Milliseconds of work between two turns of the event loop. */
const SLICE = 5;

/** Does the work for a while. */
function slice<T>(work: Work<T>): IteratorResult<undefined, T> {
  const end = performance.now() + SLICE;
  for (;;) {
    const step = work.next();
    if (step.done === true || performance.now() >= end) return step;
  }
}

async function goOn<T>(work: Work<T>): Promise<T> {
  for (;;) {
    await new Promise((resolve) => setImmediate(resolve));
    const step = slice(work);
    if (step.done === true) return step.value;
  }
}

/** Does the work bit by bit, with turns of the event loop in between; what takes one turn only is done when this returns. */
export function inSlices<T>(work: Work<T>): T | Promise<T> {
  const step = slice(work);
  return step.done === true ? step.value : goOn(work);
}
