// Errors for files that are whole and say what makes no sense.

/** What the engine says where a value is another than the code around it expects. */
const ENGINE = new RegExp(
  [
    '^(Cannot|Invalid|Reduce of|Class constructor|Maximum call stack|Spread syntax|object is not|Method|Iterator)\\b',
    'is not (a function|iterable|a constructor|an object|extensible|defined)',
    'undefined \\(',
    'circular structure',
    'cannot be converted',
    'must be of type',
  ].join('|'),
);

/** Whether an error, or what caused it, is one of the engine. */
const isOfEngine = (error: unknown): boolean =>
  error instanceof Error &&
  (((error instanceof TypeError || error instanceof RangeError) && ENGINE.test(error.message)) || isOfEngine(error.cause));

/**
 * Reads a file. What fails in the engine's words is told in the user's, with the engine's error as the cause.
 * @throws (rejects) whatever else `read` does.
 */
export async function readingFile<T>(name: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (isOfEngine(error))
      throw new TypeError(`${name}: is malformed, or a class of yours cannot read what it says; the cause of this error tells where`, {
        cause: error,
      });
    throw error;
  }
}
