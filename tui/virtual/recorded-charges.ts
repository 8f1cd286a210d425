/** What a record charges for each exposure, read from the folder itself: claims that the world can judge. */
import { openRecord } from "../../controller/record/record-reader.ts";
import { positionIndex, type Occupant } from "../../protocols/base/position.ts";
import type { ClaimedCharge } from "../../simulator/world/judge-charges.ts";

/** Light that was found behind its exposure, or between two. */
const LATE = "lit-while-closed";
const CHARGED: readonly string[] = ["exposure-ended", LATE];

/** Of every exposure for which the shutter was asked open, or may have been, and of what was found late. `indexOf`: its number in the world. Throws Fault `store.*`. */
export function recordedCharges(
  folder: string,
  indexOf: (cell: Occupant) => number = positionIndex,
): readonly ClaimedCharge[] {
  const reader = openRecord(folder);
  try {
    const times = new Map<string, Pick<ClaimedCharge, "startMs" | "endMs" | "isFoundLate">>();
    for (const scanned of reader.events()) {
      if (scanned.kind === "damaged" || !CHARGED.includes(scanned.row.type)) continue;
      const { atMs, dataText, type } = scanned.row;
      const data = JSON.parse(dataText) as Readonly<Record<string, unknown>>;
      const startMs = firstNumber(data["open_asked_at_ms"], data["lit_from_ms"]);
      if (startMs === undefined) continue;
      const endMs = firstNumber(data["closed_seen_at_ms"], data["lit_until_ms"]) ?? atMs;
      const late = type === LATE ? { isFoundLate: true as const } : {};
      times.set(String(data["exposure_id"]), { startMs, endMs, ...late });
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
