import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { battinfoWorkflow, WORKFLOW_TASK_COUNT_MAX } from "../../../protocols/echem/formats/battinfo-workflow.ts";
import type { Protocol } from "../../../protocols/echem/protocol.ts";
import { readProtocol } from "../../../protocols/echem/read-protocol.ts";
import { parseDocument } from "../../../protocols/input/document.ts";

const folder = fileURLToPath(new URL("../../fixtures/unicycler/", import.meta.url));
const text = (name: string): string => readFileSync(folder + name, "utf8");
const golden = (name: string): unknown => JSON.parse(text(`battinfo/${name}`));

function protocolOf(content: string): Protocol {
  const { protocol, findings } = readProtocol(parseDocument(content, "test.yaml"), [], "test");
  if (protocol === undefined) throw new Error(JSON.stringify(findings));
  return protocol;
}

function written(protocol: Protocol): unknown {
  const made = battinfoWorkflow(protocol);
  if (!made.ok) throw new Error(made.reason);
  return JSON.parse(JSON.stringify(made.workflow));
}

/** What upstream's test fixture was made of, as far as the fixture tells. */
const FIXTURE = `
sample: { capacity_mAh: 45 }
record: { time_s: 10 }
method:
  - { step: open_circuit_voltage, until_time_s: 300 }
  - { step: tag, tag: formation }
  - { step: constant_current, rate_C: 0.05, until_voltage_V: 4.2 }
  - { step: constant_voltage, voltage_V: 4.2, until_rate_C: 0.01 }
  - { step: constant_current, rate_C: -0.05, until_voltage_V: 3.2 }
  - { step: loop, loop_to: formation, cycle_count: 5 }
  - { step: tag, tag: outer }
  - { step: impedance_spectroscopy, amplitude_mA: 0.01, start_frequency_Hz: 10000, end_frequency_Hz: 10 }
  - { step: impedance_spectroscopy, amplitude_V: 0.01, start_frequency_Hz: 10000, end_frequency_Hz: 10 }
  - { step: constant_current, rate_C: -0.5, until_time_s: 10800, until_voltage_V: 3.2 }
  - { step: tag, tag: inner }
  - { step: constant_current, rate_C: 0.5, until_time_s: 10800, until_voltage_V: 4.2 }
  - { step: constant_voltage, voltage_V: 4.2, until_time_s: 3600, until_rate_C: 0.05 }
  - { step: constant_current, rate_C: -0.5, until_time_s: 10800, until_voltage_V: 3.2 }
  - { step: loop, loop_to: inner, cycle_count: 24 }
  - { step: constant_current, current_mA: 0.1, until_voltage_V: 4.2 }
  - { step: constant_voltage, voltage_V: 4.2, until_current_mA: 0.01 }
  - { step: constant_current, current_mA: -0.1, until_voltage_V: 3.2 }
  - { step: loop, loop_to: outer, cycle_count: 10 }
  - { step: voltage_scan, start_voltage_V: 3, end_voltage_V: 4, scan_rate_mV_per_s: 10 }
  - { step: voltage_scan, start_voltage_V: 4, end_voltage_V: 3, scan_rate_mV_per_s: 10 }
`;

describe("a protocol as a BattINFO workflow", () => {
  it.each(["cycling", "cycling_eis_scan"])("is what upstream makes of %s", (name) => {
    expect(written(protocolOf(text(`data/${name}.unicycler.json`)))).toEqual(golden(`${name}.battinfo.jsonld`));
  });

  it("is upstream's own fixture: loops in loops, both kinds of impedance, scans up and down", () => {
    expect(written(protocolOf(FIXTURE))).toEqual(golden("test_battinfo.jsonld"));
  });

  it("gives a rate without a current where the capacity is not known", () => {
    const bare = protocolOf(FIXTURE.replace("sample: { capacity_mAh: 45 }", ""));
    const made = JSON.stringify(written(bare));
    expect(made).toContain('"CRate"');
    expect(made).not.toContain("2.25");
  });

  it("is refused where the chain would be too deep", () => {
    const rest = "  - { step: open_circuit_voltage, until_time_s: 1 }\n";
    const long = protocolOf(`record: { time_s: 1 }\nmethod:\n${rest.repeat(WORKFLOW_TASK_COUNT_MAX + 1)}`);
    expect(battinfoWorkflow(long)).toEqual({ ok: false, reason: "501 tasks in one chain; at most 500" });
  });
});
