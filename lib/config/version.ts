// The package's version.

const VERSION = '0.1.0'; // that of package.json; a test compares them

/** The version of this package. */
export const version = (): string => VERSION;
