// Which options a layer uses up when it is built: those cannot be set afterwards.

/** The names of the options that a layer reads while `fn` runs. */
export function namesRead(layer: { config?: object }, fn: () => void): ReadonlySet<string> {
  const read = new Set<string>();
  const { config } = layer;
  if (config === undefined) {
    fn();
    return read;
  }
  layer.config = new Proxy(config, {
    get(target, name) {
      read.add(name as string);
      return (target as Record<string | symbol, unknown>)[name];
    },
  });
  try {
    fn();
  } finally {
    layer.config = config;
  }
  return read;
}
