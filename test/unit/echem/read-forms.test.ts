import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { goldenText, readForm } from "../../support/protocol-forms.ts";

const NEWARE = goldenText("neware/cycling.neware.xml");
const BATTINFO = goldenText("battinfo/cycling.battinfo.jsonld");
const BIOLOGIC = goldenText("biologic/cycling.biologic.mps.utf8.txt");
const TOMATO = goldenText("tomato/cycling.tomato-0.2.json").replace(
  /"voltage": 4\.2\n/,
  '"voltage": 4.2, "limit_current_min": 0.000225\n',
);

/** Row of the table, column of the sequence. */
function withCell(row: string, sequence: number, value: string): string {
  const lines = BIOLOGIC.split("\n");
  const index = lines.findIndex((line) => line.startsWith(row.padEnd(20)));
  const line = lines[index] ?? "";
  const at = 20 * (sequence + 1);
  lines[index] = line.slice(0, at) + value.padEnd(20) + line.slice(at + 20);
  return lines.join("\n");
}

type Case = readonly [what: string, text: string, where: RegExp, said: RegExp, advice: RegExp];

const NEWARE_CASES: readonly Case[] = [
  [
    "an element of no form",
    NEWARE.replace('<Rate Value="0.1', '<Cap Value="1"/><Rate Value="0.1'),
    /Step2\/Cap$/,
    /Cap has no form/,
    /Known here: Rate/,
  ],
  [
    "a step type of no form",
    NEWARE.replace('Step_Type="1"', 'Step_Type="9"'),
    /p\.xml:46 Step2$/,
    /type "9"/,
    /constant current/,
  ],
  [
    "a rate that is another current",
    NEWARE.replace('<Curr Value="0.45', '<Curr Value="0.55'),
    /Step2\/Rate$/,
    /0\.45 mA, and Curr says 0\.55 mA/,
    /MultCap/,
  ],
  ["a rate without a capacity", NEWARE.replace(/<MultCap .*>/, ""), /Step2\/Rate$/, /Rate 0\.1 beside Curr/, /MultCap/],
  ["a number that is none", NEWARE.replace('<Time Value="600000', '<Time Value="NaN'), /Step1\/Time$/, /NaN/, /finite/],
  [
    "a step that is missing",
    NEWARE.replace(/<Step4 [^]*?<\/Step4>/, ""),
    /Step_Info/,
    /Num says "12", and there are 11/,
    /anew/,
  ],
  [
    "a begin in the middle",
    NEWARE.replace('Start_Step Value="1" H', 'Start_Step Value="3" H'),
    /Head_Info\/Start_Step/,
    /"3"/,
    /first step/,
  ],
  ["currents by rate", NEWARE.replace('RateType Value="103"', 'RateType Value="105"'), /RateType/, /105/, /103/],
  ["another version", NEWARE.replace('version="17"', 'version="18"'), /config/, /18/, /17/],
  ["another kind of file", "<root><data/></root>", /p\.xml:1/, /no step file/, /Step File/],
  [
    "a loop to a later step",
    NEWARE.replace('Start_Step Value="2"', 'Start_Step Value="7"'),
    /Step5$/,
    /forward|step 7/,
    /earlier|Tags/,
  ],
  ["an open element", NEWARE.replace("</config>", ""), /p\.xml:1/, /cannot be read/, /anew/],
];

const BIOLOGIC_CASES: readonly Case[] = [
  ["a sequence of no form", withCell("ctrl_type", 1, "CP"), /p\.mps:\d+ Ns 1$/, /"CP"/, /Rest, CC/],
  ["a current as a rate", withCell("Apply I/C", 1, "C"), /Ns 1$/, /Apply I\/C is "C"/, /but as I/],
  ["a voltage against what the cell has", withCell("ctrl1_val_vs", 2, "Eoc"), /Ns 2$/, /Eoc/, /Ref/],
  ["a limit on the wrong side", withCell("lim2_comp", 1, "<"), /Ns 1$/, /Ewe </, /Ewe >/],
  ["a limit that goes elsewhere", withCell("lim1_seq", 3, "9"), /Ns 3$/, /Next sequence 9/, /: 4/],
  ["a limit of charge", withCell("lim1_type", 1, "Q"), /Ns 1$/, /"Q"/, /Time or Ewe/],
  ["an unknown unit", withCell("ctrl1_val_unit", 1, "C"), /Ns 1$/, /450\.000 C/, /mA/],
  ["a number that is none", withCell("ctrl1_val", 1, "many"), /Ns 1$/, /many/, /number/],
  ["a record of no form", withCell("rec2_type", 1, "Power"), /Ns 1$/, /Power/, /Time, Ewe or I/],
  [
    "another technique",
    BIOLOGIC.replace("Modulo Bat", "Galvanostatic Cycling"),
    /p\.mps:16/,
    /Galvanostatic/,
    /Modulo Bat/,
  ],
  ["two techniques", BIOLOGIC.replace("techniques : 1", "techniques : 2"), /p\.mps:3/, /: 2/, /by itself/],
  [
    "a limit in the head of no form",
    BIOLOGIC.replace("\tEwe min", "\t|Q-Qo| = 1.0 mA.h\n\tEwe min"),
    /p\.mps:6/,
    /Q-Qo/,
    /lost/,
  ],
  [
    "columns that have moved",
    BIOLOGIC.replace(/^Ns {18}/m, "Ns    "),
    /p\.mps:17/,
    /numbers of its sequences/,
    /20 characters/,
  ],
  [
    "a table that stops before its end",
    BIOLOGIC.slice(0, BIOLOGIC.indexOf("Bandwidth")),
    /p\.mps:\d+$/,
    /no row Bandwidth: the file is cut off/,
    /anew/,
  ],
  [
    "a table that stops within a row",
    BIOLOGIC.slice(0, BIOLOGIC.lastIndexOf("5")),
    /p\.mps:\d+$/,
    /Bandwidth has no value for some of the 11 sequences/,
    /anew/,
  ],
  ["no table", BIOLOGIC.slice(0, BIOLOGIC.indexOf("Technique :")), /p\.mps:\d+/, /no technique/, /Modulo Bat/],
];

const TOMATO_CASES: readonly Case[] = [
  ["a payload of a later version", TOMATO.replace('"0.1"', '"2.2"'), /p\.json:2 version/, /2\.2/, /0\.2/],
  [
    "a key of no form",
    TOMATO.replace('"time": 600.0', '"time": 600.0, "power": 3'),
    /method\[0\]\.power/,
    /power/,
    /Known here/,
  ],
  [
    "a technique of no form",
    TOMATO.replace('"open_circuit_voltage"', '"sequential"'),
    /method\[0\]\.technique/,
    /sequential/,
    /open_circuit/,
  ],
  [
    "a charge that ends below",
    TOMATO.replace("limit_voltage_max", "limit_voltage_min"),
    /method\[1\]\.limit_voltage_min/,
    /no form/,
    /limit_voltage_max/,
  ],
  ["a current as a text with a unit", TOMATO.replace('"0.1C"', '"450 uA"'), /method\[1\]\.current/, /450 uA/, /ampere/],
  [
    "a step relative to the one before",
    TOMATO.replace('"current"', '"is_delta": true, "current"'),
    /is_delta/,
    /relative/,
    /itself/,
  ],
  ["a loop without its count", TOMATO.replace(/,\s*"n_gotos": 2/, ""), /method\[4\]/, /all it needs/, /n_gotos/],
  [
    "an interval of nothing, where the others differ",
    TOMATO.replace('"measure_every_dt": 10.0', '"measure_every_dt": 0.0'),
    /p\.json/,
    /0 will not do/,
    /above 0/,
  ],
  ["steps that are no list", TOMATO.replace('"method": [', '"method": 3, "more": ['), /method/, /method is 3/, /list/],
];

const BATTINFO_CASES: readonly Case[] = [
  [
    "a task of no form",
    BATTINFO.replace("OpenCircuitHold", "Sonication"),
    /p\.jsonld task 1 @type/,
    /Sonication/,
    /Known/,
  ],
  [
    "a quantity of no form",
    BATTINFO.replace('"Duration"', '"Temperature"'),
    /task 1 OpenCircuitHold hasInput/,
    /Temperature/,
    /Duration/,
  ],
  ["another unit", BATTINFO.replace('"Second"', '"Fortnight"'), /task 1 .*Duration/, /Fortnight/, /Second, Minute/],
  ["a number that is none", BATTINFO.replace("600.0", '"600 s"'), /Duration/, /600 s/, /hasNumberValue/],
  [
    "a key of no form",
    BATTINFO.replace('"hasInput"', '"hasAgent": {}, "hasInput"'),
    /hasAgent/,
    /hasAgent/,
    /hasInput/,
  ],
  ["capacities that differ", BATTINFO.replace("0.45", "0.46"), /task \d+ \w+$/, /capacity of 4\.5 mAh/, /leave one/],
  [
    "a loop without a count",
    BATTINFO.replace('"NumberOfIterations"', '"Duration"'),
    /task 2/,
    /Duration|how often/,
    /NumberOfIterations/,
  ],
  ["a comma too many", BATTINFO.replace("],", "],,"), /p\.jsonld:\d+$/, /./, /Correct the JSON/],
];

describe.each([
  ["Neware step files", "p.xml", NEWARE, NEWARE_CASES],
  ["EC-Lab settings", "p.mps", BIOLOGIC, BIOLOGIC_CASES],
  ["tomato payloads", "p.json", TOMATO, TOMATO_CASES],
  ["BattINFO workflows", "p.jsonld", BATTINFO, BATTINFO_CASES],
] as const)("%s", (_, fileName, golden, cases) => {
  it.each(cases)(
    "are refused for %s, with the place, the value and what would be right",
    (_what, text, where, said, advice) => {
      expect(text).not.toBe(golden);
      const { protocol, findings } = readForm(text, fileName);
      expect(protocol).toBeUndefined();
      const errors = findings.filter(({ severity }) => severity === "error");
      const told = errors.find(
        (finding) => where.test(finding.where) && said.test(finding.what) && advice.test(finding.advice),
      );
      expect(told, JSON.stringify(errors, null, 1)).toBeDefined();
    },
  );

  it("never throw, whatever is cut out of them or put in", () => {
    const piece = fc.oneof(
      fc.string(),
      fc.constantFrom("<", '"', "{", "]", "\t", "\u00b5", "1e999", "null", "-1", '"0.1C"'),
    );
    fc.assert(
      fc.property(fc.nat(golden.length), fc.nat(60), piece, (at, length, put) => {
        const read = readForm(golden.slice(0, at) + put + golden.slice(at + length), fileName);
        return read.protocol !== undefined || read.findings.some(({ severity }) => severity === "error");
      }),
      { numRuns: 60 },
    );
  });
});

it("takes a change of 0 between records for none, whatever the other steps record at", () => {
  const { protocol, findings } = readForm(
    TOMATO.replace('"measure_every_dE": 0.01', '"measure_every_dE": 0.0'),
    "p.json",
  );
  expect(findings.filter(({ severity }) => severity === "error")).toEqual([]);
  expect(protocol?.record.voltageV).toBe(0.01);
});

/** A chain of tasks as deep as `count`. */
const chain = (count: number): string => {
  const rest = `"@type":"OpenCircuitHold","hasInput":[{"@type":"Duration","hasNumericalPart":{"@type":"RealData","hasNumberValue":1},"hasMeasurementUnit":"Second"}]`;
  return `{"@context":"x",${rest}${`,"hasNext":{${rest}`.repeat(count - 1)}${"}".repeat(count)}`;
};

describe("what would cost a reader dearly", () => {
  it("reads a chain of ten thousand tasks, and no longer one", () => {
    expect(readForm(chain(10_000), "p.jsonld").protocol?.steps).toHaveLength(10_000);
    expect(readForm(chain(10_001), "p.jsonld").findings[0]?.what).toBe("more than 10000 tasks");
  });

  it.each([
    ["elements without end", "<a/>".repeat(1_040_000), "p.xml", /<a> is no step file|second document|elements/],
    ["five million characters of XML", `<root>${" ".repeat(5_000_000)}</root>`, "p.xml", /characters/],
    [
      "loops in loops",
      `${'{"@type":"IterativeWorkflow","hasTask":'.repeat(90_000)}1${"}".repeat(90_000)}`,
      "p.jsonld",
      /nested|loop/,
    ],
    ["open brackets", "[".repeat(4_000_000), "p.jsonld", /still open|nested|brackets/],
    ["settings of a million lines", `${BIOLOGIC}${"\n".repeat(1_000_000)}`, "p.mps", /lines/],
    ["settings of one long line", `${BIOLOGIC}${"x".repeat(15_000_000)}`, "p.mps", /sequences|twice|form/],
    [
      "settings of a million columns",
      BIOLOGIC.replace(/^Ns .*$/m, (line) => line + "7".padEnd(20).repeat(700_000)),
      "p.mps",
      /numbers/,
    ],
  ])("refuses %s soon", (_what, text, fileName, said) => {
    const before = process.cpuUsage();
    const { protocol, findings } = readForm(text, fileName);
    const { user, system } = process.cpuUsage(before);
    expect(protocol).toBeUndefined();
    expect(findings.map(({ what }) => what).join("\n")).toMatch(said);
    expect(findings.length).toBeLessThanOrEqual(50);
    expect((user + system) / 1e6).toBeLessThan(5);
  });
});
