/**
 * Simulated instruments of a site in a process of their own, which lives on whatever becomes of the controller, and keeps
 * what really happened: each opening of the shutter, the charge that went through each cell, and when it was itself kept
 * waiting. Started by `truth-bench.ts`.
 */
import { writeFileSync } from "node:fs";

import { ordersSchema, type FromTwins, type ToTwins, type TrueCharge } from "./truth-plan.ts";
import { placeOf, positionIndex } from "../../../protocols/base/position.ts";
import { campaignCells } from "../../../tui/bench/bench-cells.ts";
import { startBench } from "../../../tui/bench/bench.ts";
import { servedSiteText } from "../../../tui/bench/served-site.ts";
import { loadCampaign } from "../../../tui/load-campaign.ts";
import { createNodeContext } from "../../../tui/rim/node-context.ts";
import { createOutput } from "../../../tui/rim/output.ts";
import { loadWorldData } from "../../../tui/virtual/load-world-data.ts";

const LOOK_MS = 5;
/** Later than this is told. */
const HELD_UP_MS = 20;

function tell(message: FromTwins): void {
  process.send?.(message);
}

const orders = ordersSchema.parse(JSON.parse(process.argv[2] ?? "{}"));
const context = createNodeContext({
  json: true,
  out: createOutput(process.stdout, process.env),
  err: createOutput(process.stderr, process.env),
});
const loaded = loadCampaign(context, orders.campaignPath, orders.sitePath);
if (loaded.kind === "refused") throw new Error(loaded.findings.map(({ what }) => what).join("\n"));
const { campaign, site } = loaded;
const codes = new Map(campaign.cells.map(({ position, barcode }) => [position, barcode]));
const bench = await startBench({
  site,
  cells: campaignCells(campaign),
  positions: campaign.cells.map(({ position }) => placeOf(position)),
  codeOf: (position) => codes.get(position),
  stackUncertainty: campaign.doseUncertainty.stack,
  data: loadWorldData(
    context,
    campaign.cells.map(({ chemistry }) => chemistry),
  ),
  ...{ seed: 1, speed: 1, folder: orders.folder, clock: context.clock },
  onError(error) {
    tell({ kind: "broken", what: error.stack ?? error.message });
  },
});
const { world, startWallMs, nowMs } = bench.truth;
writeFileSync(
  orders.writeSite,
  servedSiteText(context.readText(orders.sitePath), orders.sitePath, bench.places, orders.folder),
);

const charges = campaign.cells.map(({ position }): TrueCharge => {
  const observer = world.cellObserver(positionIndex(position));
  const atMs: number[] = [];
  const chargeC: number[] = [];
  observer?.onSeen((seenMs) => {
    atMs.push(seenMs);
    chargeC.push(observer.cell.state.chargeC);
  });
  return { positionIndex: positionIndex(position), atMs, chargeC };
});

const heldUp: { readonly atMs: number; readonly lateMs: number }[] = [];
let wasOpen = false;
let dueMs = nowMs() + LOOK_MS;
setInterval(() => {
  const atMs = nowMs();
  if (atMs - dueMs > HELD_UP_MS) heldUp.push({ atMs: dueMs, lateMs: atMs - dueMs });
  dueMs = atMs + LOOK_MS;
  const isOpen = world.beam.shutterFraction(atMs) > 0;
  if (isOpen !== wasOpen) tell({ kind: "shutter", isOpen, atMs });
  wasOpen = isOpen;
}, LOOK_MS);

process.on("message", (asked: ToTwins) => {
  switch (asked.kind) {
    case "report":
      tell({
        ...{ kind: "report", nowMs: nowMs(), openings: world.openings, charges, heldUp },
        residentMb: process.memoryUsage().rss / 2 ** 20,
      });
      break;
    case "fault": {
      const { fault: kind, instrument, forS } = asked;
      void bench.faults.carryOut({ id: null, kind, instrument, forS, on: true, byMs: 0 }).then((answer) => {
        tell({ kind: "answer", answer });
      });
      break;
    }
    case "finish":
      tell({ kind: "findings", findings: world.finish(asked.claims) });
  }
});
process.on("disconnect", () => {
  void bench.close().then(() => process.exit(0));
});
process.on("SIGINT", () => undefined);

tell({
  ...{ kind: "ready", startWallMs },
  broker: bench.places.find(({ link }) => link.kind === "mqtt")?.where ?? "",
  places: bench.places.map(({ name, where }) => ({ name, where })),
});
