/** Durable commits of a run: one that cannot be made is the run's failure, whoever waits for it. */
import { isFault } from "../../protocols/base/fault.ts";

export interface Committing {
  /** Rejects as the store does. */
  readonly commit: () => Promise<void>;
  /** For what nobody waits for. Never throws. */
  readonly commitAlone: () => void;
}

export function createCommitting(store: { commit(): Promise<void> }, fail: (error: unknown) => void): Committing {
  async function commit(): Promise<void> {
    try {
      await store.commit();
    } catch (error) {
      fail(error);
      throw error;
    }
  }

  return {
    commit,
    commitAlone() {
      commit().catch((error: unknown) => {
        // A store that fails is kept as the run's failure; anything else is a bug and must surface.
        if (!isFault(error)) throw error;
      });
    },
  };
}
