import { describe, expect, it } from "vitest";
import { siteCables } from "../../../protocols/site/site-cables.ts";
import { findingsOf, SHIPPED_SITES, shippedSite } from "../../support/shipped-sites.ts";

type Case = readonly [slip: string, site: string, from: string, to: string, code: string, where: RegExp, what: RegExp];

const CASES: readonly Case[] = [
  [
    "two instruments on one port",
    "bench",
    'tcp: "127.0.0.1:47104"',
    'tcp: "127.0.0.1:47102"',
    "site.link-shared",
    /trigger\.link/,
    /gates and io are both on 127\.0\.0\.1:47102/,
  ],
  [
    "one port under two names",
    "bench",
    'tcp: "127.0.0.1:47104"',
    'tcp: "localhost:47102"',
    "site.link-shared",
    /trigger\.link/,
    /gates and io are both on 127\.0\.0\.1:47102/,
  ],
  [
    "a robot asked where it takes orders",
    "palmsens-grbl-cats",
    "cats:10000",
    "cats:1000",
    "site.link-shared",
    /sample_changer\.monitor_link/,
    /changer monitor and changer/,
  ],
  [
    "two units of one number on a line",
    "neware-zaber",
    "unit_id: 2",
    "unit_id: 1",
    "site.unit-shared",
    /sensors\[1\]\.link/,
    /oven and rack thermometer are both unit 1/,
  ],
  [
    "a line that is set in two ways",
    "neware-zaber",
    "baud: 9600, parity: none }\n    unit_id: 2",
    "baud: 19200, parity: none }\n    unit_id: 2",
    "site.link-shared",
    /sensors\[1\]\.link/,
    /different settings of the line/,
  ],
  [
    "a name given twice",
    "bench",
    "name: code reader",
    "name: stage",
    "site.duplicate-name",
    /barcode_reader\.name/,
    /the name stage is given twice/,
  ],
  [
    "two cabinets' groups on the same channels",
    "neware-zaber",
    "  - positions: A1..H12",
    [
      "  - positions: A1..A8",
      "    driver: neware-bts",
      '    link: { tcp: "cycler-pc:502" }',
      "    cabinet: { name: cabinet 21, device_id: 21, step_file_folder: x, write_folder: /mnt/steps }",
      "    voltage_min_V: 0",
      "    voltage_max_V: 5",
      "    current_max_mA: 100",
      "    sample_interval_min_s: 1",
      "    techniques: [constant_current]",
      "  - positions: A9..H12",
    ].join("\n"),
    "site.wiring-overlap",
    /channels/,
    /are both on channel 21-1-1 of cabinet 21/,
  ],
  [
    "a technique that the driver does not run",
    "neware-zaber",
    "techniques: [open_circuit_voltage, constant_current, constant_voltage]",
    "techniques: [constant_current, voltage_scan]",
    "site.technique",
    /techniques/,
    /neware-bts does not run voltage_scan/,
  ],
  [
    "an input that the module does not have",
    "neware-zaber",
    "permit_alive: 10",
    "permit_alive: 12",
    "site.bit-missing",
    /io\.inputs/,
    /adam-6050 has 12 inputs, and no bit 12/,
  ],
  [
    "a relay without its heartbeat",
    "neware-zaber",
    "    heartbeat: 3\n",
    "",
    "site.heartbeat",
    /io\.outputs/,
    /no output for the heartbeat/,
  ],
  [
    "a folder that the detector does not serve",
    "neware-zaber",
    "folder: /data",
    "folder: /ramdisk",
    "site.folder",
    /detector\.folder/,
    /keeps its files under \/data/,
  ],
  [
    "a family that nobody wrote a driver for",
    "bench",
    "driver: srs-dg645",
    "driver: toaster",
    "file.schema",
    /trigger\.driver/,
    /"toaster"/,
  ],
  [
    "an integrator at a broker, and nobody knows below which topic",
    "bench",
    'tcp: "127.0.0.1:47107"',
    'mqtt: "mqtt://127.0.0.1:47103"',
    "file.schema",
    /integrator\.topic/,
    /undefined|missing|will not do/,
  ],
  [
    "a password for a program behind a TCP port",
    "bench",
    '"127.0.0.1:47107" }',
    '"127.0.0.1:47107" }\n  user: beamrack',
    "file.schema",
    /integrator\.user/,
    /"beamrack" will not do/,
  ],
  [
    "a second sensor for what counts once",
    "bench",
    "quantity: diode\n    maximum_age_s",
    "quantity: flux\n    maximum_age_s",
    "site.duplicate-sensor",
    /sensors\[1\]/,
    /two sensors for flux/,
  ],
  [
    "a pattern for codes that is no expression",
    "bench",
    "  driver: serial-line\n",
    '  driver: serial-line\n  code: { pattern: "[A-Z" }\n',
    "file.schema",
    /barcode_reader\.code\.pattern/,
    /\[A-Z/,
  ],
  [
    "a permit that no cycle could keep alive",
    "bench",
    "watchdog_ms: 900",
    "watchdog_ms: 950",
    "file.schema",
    /shutter\.watchdog_ms/,
    /950/,
  ],
];

describe("the shipped sites", () => {
  it.each(SHIPPED_SITES)("%s reads without a word against it, and each cable has a name of its own", (name) => {
    const site = shippedSite(name);
    const cables = siteCables(
      site,
      site.channels.map((channel) => channel.position),
    );
    expect(new Set(cables.map((cable) => cable.name)).size).toBe(cables.length);
    expect(cables.flatMap((cable) => cable.positions)).toHaveLength(96);
  });

  it("have among them an instrument of every role", () => {
    const site = shippedSite("bench");
    expect([site.sampleChanger, site.barcodeReader, site.trigger, site.sensors?.[0]]).not.toContain(undefined);
  });
});

describe("an integrator behind the broker of the sensors", () => {
  it("is a client of its own there, and no port that is used twice", () => {
    const messages = 'mqtt: "mqtt://127.0.0.1:47103" }\n  topic: hutch/patterns\n  user: beamrack # {';
    const findings = findingsOf("bench", 'tcp: "127.0.0.1:47107" }', messages);
    expect(findings.filter(({ severity }) => severity === "error")).toEqual([]);
  });
});

describe("a slip in the wiring", () => {
  it.each(CASES)("%s is refused with its place", (_, site, from, to, code, where, what) => {
    const findings = findingsOf(site, from, to).filter(({ severity }) => severity === "error");
    const found = findings.find((finding) => finding.code === code);
    expect(found, JSON.stringify(findings, null, 1)).toBeDefined();
    expect(found?.where).toMatch(where);
    expect(found?.where).toMatch(/\.yaml:\d+ /);
    expect(found?.what).toMatch(what);
    expect(found?.advice).not.toBe("");
  });
});
