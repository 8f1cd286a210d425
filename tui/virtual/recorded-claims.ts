/** What a record says of photons and charge, read from the folder itself: claims that the world can judge. */
import { z } from "zod";
import { parseTotals } from "../../controller/cells/account-json.ts";
import { openRecord } from "../../controller/record/record-reader.ts";
import type { Json } from "../../protocols/base/canonical-json.ts";
import { parseOccupant, positionIndex, type Occupant } from "../../protocols/base/position.ts";
import { METER_SHARE, type ChargeTotals } from "../../protocols/echem/counting.ts";
import type { ClaimedCharge } from "../../simulator/world/judge-charges.ts";
import type { ClaimedCount } from "../../simulator/world/judge-counts.ts";
import type { ControllerClaims } from "../../simulator/world/world-truth.ts";
import type { VirtualCampaign } from "./virtual-campaign.ts";

/** Light that was found behind its exposure, or between two. */
const LATE = "lit-while-closed";
const CHARGED: readonly string[] = ["exposure-ended", LATE];
const COUNTED = "step-ended";
const GIVEN_UP = "cell-isolated";
const PLAN = "rack-plan";
const CARRIED = "transfer-ended";

const planSchema = z.object({ cells: z.array(z.object({ barcode: z.string(), position: z.string() })) });
const transferSchema = z.object({
  code: z.string().nullish(),
  moves: z.array(z.object({ position: z.string(), cell: z.string(), to: z.string() })),
});

export type RecordedClaims = Required<Pick<ControllerClaims, "charges" | "counts" | "foundOutMs">> & {
  /** Cells that were given up while they may be driven for ever, by their number in the world. */
  readonly drivenOn: ReadonlySet<number>;
};

/**
 * What is charged for every exposure for which the shutter was asked open, or may have been, and for what was found late; and
 * what was counted of each cell as a step of it ended. `indexOf`: its number in the world. Throws Fault `store.*`.
 */
export function recordedClaims(folder: string, indexOf: (cell: Occupant) => number = positionIndex): RecordedClaims {
  const reader = openRecord(folder);
  try {
    const times = new Map<string, Pick<ClaimedCharge, "startMs" | "endMs" | "isFoundLate">>();
    const counts: ClaimedCount[] = [];
    const drivenOn = new Set<number>();
    const foundOutMs = new Map<number, number>();
    const places = new Map<string, string>();
    for (const scanned of reader.events()) {
      if (scanned.kind === "damaged") continue;
      const { atMs, dataText, type } = scanned.row;
      if (![COUNTED, GIVEN_UP, PLAN, CARRIED, ...CHARGED].includes(type)) continue;
      const data = JSON.parse(dataText) as Readonly<Record<string, unknown>>;
      if (type === GIVEN_UP) {
        const cell = parseOccupant(String(data["position"]));
        if (cell !== undefined && data["runs_until_ms"] === null) drivenOn.add(indexOf(cell));
        continue;
      }
      if (type === PLAN) {
        for (const { barcode, position } of planSchema.parse(data).cells) places.set(barcode, position);
        continue;
      }
      if (type === CARRIED) {
        for (const position of mistaken(data, places)) {
          const cell = parseOccupant(position);
          if (cell !== undefined) foundOutMs.set(indexOf(cell), foundOutMs.get(indexOf(cell)) ?? atMs);
        }
        continue;
      }
      if (type === COUNTED) {
        const cell = parseOccupant(String(data["position"]));
        const totals = parseTotals(data["totals"] as Json | undefined);
        if (cell !== undefined && totals !== undefined) counts.push(claimedCount(indexOf(cell), atMs, totals));
        continue;
      }
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
    return { charges, counts, drivenOn, foundOutMs };
  } finally {
    reader.close();
  }
}

/** The same of a run that is over, and what is counted of each cell as it leaves it. */
export function claimsOfRun(
  { run, clock }: Pick<VirtualCampaign, "run" | "clock">,
  folder: string,
  indexOf: (cell: Occupant) => number = positionIndex,
): RecordedClaims {
  const { counts, drivenOn, ...others } = recordedClaims(folder, indexOf);
  const last = run.campaign.cells.flatMap(({ position }, cellIndex) =>
    // Of what flows then nothing is said.
    drivenOn.has(indexOf(position))
      ? []
      : [claimedCount(indexOf(position), clock.monoMs(), run.samples.totals(cellIndex))],
  );
  return { ...others, counts: [...counts, ...last], drivenOn };
}

/** The place of a cell that carried another code than it should to the beam, and the place that has that code in the plan. */
function mistaken(data: unknown, places: ReadonlyMap<string, string>): readonly string[] {
  const { code = null, moves } = transferSchema.parse(data);
  const brought = moves.find(({ to }) => to === "beam");
  if (code === null || code === "" || brought === undefined || brought.cell === code) return [];
  return [brought.position, places.get(code) ?? brought.position];
}

/** What is said to have flowed, and how sure that is: what was in doubt, and the share that is the meter's. */
function claimedCount(
  cellIndex: number,
  atMs: number,
  { chargedAh, dischargedAh, doubtAh }: ChargeTotals,
): ClaimedCount {
  return {
    ...{ positionIndex: cellIndex, atMs, chargeAh: chargedAh - dischargedAh },
    statedAh: doubtAh + METER_SHARE * (chargedAh + dischargedAh),
  };
}

function firstNumber(...values: readonly unknown[]): number | undefined {
  return values.find((value) => typeof value === "number");
}
