import { afterAll, describe, expect, it } from "vitest";
import { openRecord } from "../../controller/record/record-reader.ts";
import { verifyRecord } from "../../controller/record/verify.ts";
import { replayDoseDecisions } from "../../controller/run/replay-dose.ts";
import { positionAt } from "../../protocols/base/position.ts";
import { SILICON_PAIR_EV } from "../../protocols/dose/flux-monitor.ts";
import type { WorldFault } from "../../simulator/world/world-faults.ts";
import type { VirtualCampaign } from "../../tui/virtual/virtual-campaign.ts";
import { expectSound, field, numeric, removeFolders, runWorld, site, SIX, THREE } from "../support/world-campaign.ts";

afterAll(removeFolders);

const [source] = site.sensorSources;
const sensors = source?.sensors ?? [];
const flux = sensors.find((sensor) => sensor.quantity === "flux");
if (source === undefined || flux === undefined) throw new Error("the reference site has a flux monitor");

/** The reference site with the diode of the simulated beamline, which stands behind the shutter, as its flux monitor. */
const withDiode = {
  ...site,
  sensorSources: [
    {
      ...source,
      sensors: sensors.map((sensor) =>
        sensor === flux ? { ...flux, quantity: "diode" as const, unit: "A", topic: "beamline/diode" } : sensor,
      ),
    },
  ],
  beam: {
    ...site.beam,
    monitor: {
      kind: "diode" as const,
      layer: { name: "si", thicknessMm: 0.3, densityGCm3: 2.33, massFractions: { Si: 1 } },
      pairEv: SILICON_PAIR_EV,
      darkA: 2e-12,
      factor: 1,
      isBehindShutter: true,
    },
  },
};

const FROM_MS = 603_000;
/** The shutter stands open, and both its switches say that it is closed. */
const LYING: readonly WorldFault[] = [
  { kind: "shutter-stuck", at: "open", fromMs: FROM_MS, toMs: 900_000 },
  { kind: "shutter-switch", which: "closed", reads: true, fromMs: FROM_MS, toMs: 900_000 },
  { kind: "shutter-switch", which: "open", reads: false, fromMs: FROM_MS, toMs: 900_000 },
];

const resume = ({ run }: VirtualCampaign): void => {
  run.actor.send({ type: "RESUME_EXPOSING", author: "a person" });
};

describe("a site whose flux monitor stands behind the shutter", () => {
  it("finds a shutter that stands open though it reads closed, takes the beam off, and holds until a person resumes", async () => {
    const run = await runWorld({
      hours: 0.4,
      campaign: SIX,
      site: withDiode,
      faults: LYING,
      at: [
        [700, resume],
        [1000, resume],
      ],
    });
    const raised = run.of("alarm-raised").filter((event) => field(event, "code") === "shutter.flux-while-closed");
    const soon = 1000 * (site.shutter.safetyShutterCloseS + 8);
    // Found again when exposing is resumed with nothing mended.
    expect(raised).toHaveLength(2);
    for (const [index, fromMs] of [FROM_MS, 700_000].entries()) {
      expect(raised[index]?.atMs).toBeGreaterThan(fromMs);
      expect(raised[index]?.atMs).toBeLessThan(fromMs + 8000);
    }
    const lit = run.virtual.world.openings.filter((opening) => opening.litEndMs > FROM_MS);
    expect(lit.length).toBeGreaterThan(0);
    expect(lit.filter(({ litEndMs }) => litEndMs > FROM_MS + soon && litEndMs < 700_000)).toEqual([]);
    expect(lit.filter(({ litEndMs }) => litEndMs > 700_000 + soon && litEndMs < 1_000_000)).toEqual([]);
    const opened = run.of("shutter-opened").filter((event) => event.atMs > FROM_MS);
    expect(opened.filter((event) => event.atMs < 1_000_000)).toEqual([]);
    expect(opened.length).toBeGreaterThan(0);
    expect(run.of("exposing-held").length).toBe(2);
    expect(run.virtual.run.alarms.open).toEqual([]);
  });

  it("charges what came through to the spots that stood in the beam, apart, against their limits and in the audit", async () => {
    const run = await runWorld({ hours: 0.22, campaign: SIX, site: withDiode, faults: LYING });
    const lit = run.of("lit-while-closed");
    expect(lit.length).toBeGreaterThan(0);
    for (const event of lit) expect(numeric(event, "excess_Gy")).toBeGreaterThan(0);
    const charged = new Map<string, number>();
    const reader = openRecord(run.folder);
    for (const scanned of reader.ledger()) {
      if (scanned.kind === "damaged" || scanned.row.kind === "booking") continue;
      const { position, openTimeS, fluxPhS, filterTransmission } = scanned.row;
      charged.set(position, (charged.get(position) ?? 0) + openTimeS * fluxPhS * filterTransmission);
    }
    reader.close();
    // To every cell no less than fell on it, to a hundredth for those that were only crossed.
    const given = new Map<string, number>();
    for (const { deposits } of run.virtual.world.openings) {
      for (const { positionIndex, photons } of deposits) {
        if (positionIndex < 0) continue;
        const position = positionAt(positionIndex);
        given.set(position, (given.get(position) ?? 0) + photons);
      }
    }
    const most = Math.max(...given.values());
    for (const [position, photons] of given) {
      const bound = (charged.get(position) ?? 0) * (1 + site.beam.uncertainty.flux);
      expect(photons, position).toBeLessThanOrEqual(bound + most / 100);
    }
    const audit = verifyRecord(run.folder);
    expect(audit.findings.filter(({ severity }) => severity === "error")).toEqual([]);
    expect(audit.findings.map(({ code }) => code)).toContain("ledger.lit-while-closed");
    expect(replayDoseDecisions(run.events)).toEqual([]);
  });

  it("is charged for the time without a controller too, to what had been in the beam last", async () => {
    const run = await runWorld({
      hours: 0.2,
      campaign: SIX,
      site: withDiode,
      faults: LYING,
      kills: [{ atS: 605.6, downS: 18 }],
    });
    const [first] = run.of("lit-while-closed");
    const before = run.of("exposure-ended").filter(({ atMs }) => atMs < 605_600);
    expect(field(first, "position")).toBe(field(before.at(-1), "position"));
    expect(numeric(first, "lit_until_ms") - numeric(first, "lit_from_ms")).toBeGreaterThan(18_000);
    expect(run.virtual.world.openings.length).toBeGreaterThan(0);
    expect(verifyRecord(run.folder).findings.filter(({ severity }) => severity === "error")).toEqual([]);
  });

  it("says nothing while nothing is wrong, and settles by the ring current", async () => {
    const run = await runWorld({ hours: 0.4, campaign: SIX, site: withDiode });
    expectSound(run);
    expect(run.alarms).toEqual([]);
    expect(run.of("exposure-ended").length).toBeGreaterThan(20);
  });
});

describe("a closed switch of the shutter that does not say so", () => {
  it("as a controller comes back keeps the stage from its reference, and exposing goes on once it does", async () => {
    const fromMs = 310_800;
    const run = await runWorld({
      hours: 0.1,
      campaign: THREE,
      kills: [{ atS: 310.7, downS: 5 }],
      faults: [{ kind: "shutter-switch", which: "closed", reads: false, fromMs, toMs: 325_000 }],
    });
    expectSound(run);
    // One died with the controller; the other waits for the switch.
    expect(run.summary.requests).toMatchObject({ met: 2, missed: 1 });
    const opened = run.of("shutter-opened").filter(({ atMs }) => atMs > fromMs);
    expect(opened).toHaveLength(1);
    expect(opened[0]?.atMs).toBeGreaterThan(325_000);
    expect(opened[0]?.atMs).toBeLessThan(350_000);
  });
});
