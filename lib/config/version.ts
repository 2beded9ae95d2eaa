// The package's version.

const VERSION = '0.1.0'; // that of package.json; a test compares them

/** The version of this package. */
export const version = (): string => VERSION;

/** The version of Keras whose API this is, and whose files are written. */
export const KERAS_VERSION = '3.15.1';
