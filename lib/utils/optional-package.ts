// Packages that are no dependencies: whoever needs what they do installs them.

/** A package's exports. @throws (rejects) a message that says how to install it, where it is absent: `what` needs it. */
export async function optionalPackage<T>(where: string, what: string, name: string): Promise<T> {
  try {
    return (await import(name)) as T; // a variable: neither compiler nor bundler looks for it
  } catch (error) {
    throw new Error(`${where}: ${what} need the package ${name}; install it with: npm install ${name}`, { cause: error });
  }
}
