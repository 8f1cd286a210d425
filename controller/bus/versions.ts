/** Versions of what orders may be about: each counts up when the thing an order refers to has changed. */
export interface Versions {
  /** Notes how it is now, and gives its version. Voltages and other values that change all the time do not belong in. */
  of(topic: string, state: string): number;
  /** The version as it was last noted; undefined for a topic that has none. */
  now(topic: string): number | undefined;
}

export function createVersions(): Versions {
  const known = new Map<string, { readonly state: string; readonly version: number }>();
  return {
    of(topic, state) {
      const before = known.get(topic);
      if (before?.state === state) return before.version;
      const version = (before?.version ?? 0) + 1;
      known.set(topic, { state, version });
      return version;
    },
    now: (topic) => known.get(topic)?.version,
  };
}
