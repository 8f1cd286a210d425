/** What a record charges for each exposure, read from the folder itself: claims that the world can judge. */
import { openRecord } from "../../controller/record/record-reader.ts";
import { positionIndex, type Occupant } from "../../protocols/base/position.ts";
import type { ClaimedCharge } from "../../simulator/world/judge-charges.ts";

/** Of every exposure for which the shutter was asked open, or may have been. `indexOf`: its number in the world. Throws Fault `store.*`. */
export function recordedCharges(
  folder: string,
  indexOf: (cell: Occupant) => number = positionIndex,
): readonly ClaimedCharge[] {
  const reader = openRecord(folder);
  try {
    const times = new Map<string, { readonly startMs: number; readonly endMs: number }>();
    for (const scanned of reader.events()) {
      if (scanned.kind === "damaged" || scanned.row.type !== "exposure-ended") continue;
      const { atMs, dataText } = scanned.row;
      const data = JSON.parse(dataText) as Readonly<Record<string, unknown>>;
      const startMs = firstNumber(data["open_asked_at_ms"], data["lit_from_ms"]);
      if (startMs === undefined) continue;
      const endMs = firstNumber(data["closed_seen_at_ms"], data["lit_until_ms"]) ?? atMs;
      times.set(String(data["exposure_id"]), { startMs, endMs });
    }
    const charges: ClaimedCharge[] = [];
    for (const scanned of reader.ledger()) {
      if (scanned.kind === "damaged" || scanned.row.kind === "booking") continue;
      const { exposureId, position, fluxPhS, filterTransmission, openTimeS } = scanned.row;
      const between = times.get(exposureId);
      if (between === undefined) continue;
      const photons = fluxPhS * filterTransmission * openTimeS;
      charges.push({ exposureId, positionIndex: indexOf(position), ...between, photons });
    }
    return charges;
  } finally {
    reader.close();
  }
}

function firstNumber(...values: readonly unknown[]): number | undefined {
  return values.find((value) => typeof value === "number");
}
