/** Cells of a simulated rack that come while the campaign runs: what custody says of them until then, and when they are there. */
import type { IdentitySource } from "../../controller/custody/identity-proof.ts";
import { positionIndex } from "../../protocols/base/position.ts";
import type { Campaign } from "../../protocols/campaign/campaign.ts";
import type { VirtualClock } from "../../simulator/clock/virtual-clock.ts";
import type { WorldFault } from "../../simulator/world/world-faults.ts";

export interface LateCells {
  /** Every code is read where it belongs; nothing is known of a cell from before. */
  readonly identity: IdentitySource;
  /** Lets them come. `isHeard`: whether there is a controller that hears of it; another one asks when it begins. */
  begin(isHeard: () => boolean): void;
}

const NOTHING = { openCircuitV: null, resistanceOhm: null, impedanceOhm: null, ageS: 0 } as const;

/** Undefined where all cells lie in their places from the start: then nobody keeps custody of them. */
export function createLateCells(
  cells: Campaign["cells"],
  faults: readonly WorldFault[],
  clock: Pick<VirtualClock, "at" | "monoMs">,
): LateCells | undefined {
  const comesMs = new Map(
    faults.flatMap((fault) => (fault.kind === "cell-comes" ? [[fault.positionIndex, fault.fromMs] as const] : [])),
  );
  if (comesMs.size === 0) return undefined;
  const evidence = cells.map(({ barcode }) => ({
    ...{ barcode, scanned: barcode, fingerprint: NOTHING, candidates: [], others: [], against: [] },
  }));
  let changed: () => void = () => undefined;
  return {
    identity: {
      evidence(cellIndex) {
        const own = evidence[cellIndex];
        if (own === undefined) throw new RangeError(`no cell ${cellIndex}`);
        return own;
      },
      awaited(cellIndex) {
        const position = cells[cellIndex]?.position;
        const atMs = position === undefined ? undefined : comesMs.get(positionIndex(position));
        return atMs !== undefined && clock.monoMs() < atMs ? "somebody to put it into its place" : null;
      },
      onChange(handler) {
        changed = handler;
      },
    },
    begin(isHeard) {
      for (const atMs of comesMs.values()) {
        clock.at(atMs, () => {
          if (isHeard()) changed();
        });
      }
    },
  };
}
