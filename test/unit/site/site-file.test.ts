import { describe, expect, it } from "vitest";
import { parsePosition } from "../../../protocols/base/position.ts";
import { parseDocument } from "../../../protocols/input/document.ts";
import { readSite } from "../../../protocols/site/read-site.ts";
import { channelAt, stageTarget } from "../../../protocols/site/site-lookup.ts";
import type { Site } from "../../../protocols/site/site.ts";
import { repositoryText, tables } from "../../support/campaign-files.ts";

const text = repositoryText("protocols/sites/reference.yaml");

function read(spoilt = text) {
  return readSite(parseDocument(spoilt, "site.yaml"), tables);
}

function reference(): Site {
  const { site, findings } = read();
  expect(findings).toEqual([]);
  if (site === undefined) throw new Error("not read");
  return site;
}

function position(name: string) {
  const parsed = parsePosition(name);
  if (parsed === undefined) throw new Error(name);
  return parsed;
}

describe("a flux monitor's place", () => {
  it.each([
    ["", undefined],
    [", place: before_shutter", undefined],
    [", place: after_shutter", true],
  ])("is behind the shutter only where the site says so: '%s'", (place, isBehindShutter) => {
    const monitor = `{ kind: diode, thickness_mm: 0.3, dark_A: 2.0e-11, factor: 1${place} }`;
    const { site } = read(
      text
        .replace("  flux_max_ph_s:", `  flux_monitor: ${monitor}\n  flux_max_ph_s:`)
        .replace("quantity: flux\n        unit: ph/s", "quantity: diode\n        unit: A"),
    );
    expect(site?.beam.monitor?.kind).toBe("diode");
    expect(site?.beam.monitor?.isBehindShutter).toBe(isBehindShutter);
  });
});

describe("the reference site", () => {
  it("has the numbers that every sweep bound is computed from", () => {
    const site = reference();
    expect(site.rack.pitchMm).toBe(25);
    expect(site.stage).toMatchObject({
      travelXMm: 300,
      travelYMm: 200,
      speedMmS: 100,
      accelerationMmS2: 500,
      settleS: 0.1,
    });
    expect(site.shutter.travelS).toBe(0.02);
    expect(site.detector.readOutS).toBe(0.001);
  });

  it("wires 96 positions, each to a port of its own", () => {
    const site = reference();
    expect(site.channels).toHaveLength(96);
    expect(new Set(site.channels.map((channel) => JSON.stringify(channel.link))).size).toBe(96);
    expect(channelAt(site, position("H12"))).toMatchObject({
      name: "channel H12",
      link: { kind: "serial", path: "/dev/serial/by-id/usb-mes4-H12" },
      currentMaxA: 0.2,
    });
  });

  it("brings a spot of a cell into the beam within the stage's travel", () => {
    expect(stageTarget(reference(), position("A1"), { xMm: 0, yMm: 0 })).toEqual({ xMm: 12.5, yMm: 12.5 });
    expect(stageTarget(reference(), position("H12"), { xMm: 1, yMm: -1 })).toEqual({ xMm: 288.5, yMm: 186.5 });
  });

  it("resolves a filter to density and composition", () => {
    expect(reference().filters[1]).toEqual({
      name: "Mo 0.1 mm",
      thicknessMm: 0.1,
      densityGCm3: 10.28,
      massFractions: { Mo: 1 },
    });
  });
});

describe("a site file with one thing wrong", () => {
  it.each([
    [
      "two instruments on one port",
      'tcp: "io:502"',
      'tcp: "detector:41234"',
      "site.link-shared",
      /io and detector are both on detector:41234/,
    ],
    ["two channels on one port", "usb-mes4-{position}", "usb-mes4", "site.link-shared", /96 positions share/],
    ["a position wired beyond the rack", "A1..H12", "A1..H13", "site.position", /H13 is not on the rack/],
    [
      "a position wired twice",
      "positions: A1..H12",
      "positions: [A1..H12, C5]",
      "site.duplicate-position",
      /C5 is wired twice/,
    ],
    ["a rack the stage cannot reach", "pitch_mm: 25", "pitch_mm: 30", "site.travel", /column 12 is at 342\.5 mm/],
    ["a permit that lapses too late", "watchdog_ms: 900", "watchdog_ms: 5000", "file.schema", /5000/],
    ["a bit with two meanings", "shutter_permit: 1", "shutter_permit: 0", "site.bit-shared", /bit 0 of the outputs/],
    ["a filter without a bit", "filters: [9, 10, 11]", "filters: [9, 10]", "site.filters", /2 bits for 3 filters/],
    ["a password in a broker's address", "mqtt://broker:1883", "mqtt://user:secret@broker:1883", "file.schema", /./],
    ["a broker's port that cannot be", "mqtt://broker:1883", "mqtt://broker:70000", "file.schema", /broker:70000/],
    ["a wildcard topic", "topic: machine/ring/current", "topic: machine/#", "file.schema", /machine/],
    ["a ring current in another unit", "unit: mA", "unit: A", "site.unit", /ring_current in A/],
    [
      "no ring current at all",
      "quantity: ring_current\n        unit: mA",
      "quantity: flux\n        unit: ph/s",
      "site.sensor-missing",
      /ring_current/,
    ],
    [
      "a rack that is stopped before anybody is told",
      "alarm_above: 32",
      "alarm_above: 50",
      "site.sensor-level",
      /stop_above 45/,
    ],
    [
      "a level for the ring current",
      "maximum_age_s: 10",
      "maximum_age_s: 10\n        alarm_above: 100",
      "site.sensor-level",
      /ring_current/,
    ],
    ["a temperature in another unit", "unit: degC", "unit: K", "site.unit", /temperature in K/],
    [
      "a highest flux below the usual one",
      "flux_max_ph_s: 1.1e+11",
      "flux_max_ph_s: 1.0e+10",
      "site.flux",
      /below flux_ref/,
    ],
    ["an unknown material", "material: mo", "material: moo", "layer.unknown-material", /moo/],
    ["an energy outside the tables", "energy_keV: 60", "energy_keV: 2", "file.schema", /2/],
    ["a missing section", "rack:", "wreck:", "file.schema", /rack is missing/],
    ["a host without a port", "detector:41234", "detector", "file.schema", /detector/],
  ])("is refused for %s", (_name, from, to, code, what) => {
    expect(text.split(from)).toHaveLength(2);
    const { site, findings } = read(text.replace(from, to));
    expect(site).toBeUndefined();
    const found = findings.find((finding) => finding.code === code && finding.severity === "error");
    expect(found, JSON.stringify(findings)).toBeDefined();
    expect(found?.what).toMatch(what);
    expect(found?.where).toMatch(/^site\.yaml:\d+ /);
    expect(found?.advice).not.toBe("");
  });

  it("warns when an interlock is not asked for", () => {
    const { site, findings } = read(text.replace("interlocks: [searched, ", "interlocks: ["));
    expect(site).toBeDefined();
    expect(findings.map((finding) => finding.code)).toEqual(["site.interlock-unused"]);
  });
});
