// The event loop. Work that would go on and on without a pause lets it turn now and then, so that timers and I/O of the program are served.

/** Milliseconds after which the event loop should turn again. */
const INTERVAL = 8;

let due = 0;
let turn: Promise<void> | null = null;

/** Resolves when the event loop has turned. All who wait at the same time share one turn. */
export function yieldToEventLoop(): Promise<void> {
  turn ??= new Promise((resolve) => {
    setImmediate(() => {
      turn = null;
      due = performance.now() + INTERVAL;
      resolve();
    });
  });
  return turn;
}

/** True when some milliseconds have passed since work last let the event loop turn, and while others wait for it to turn. */
export const turnIsDue = (): boolean => turn !== null || performance.now() > due;
