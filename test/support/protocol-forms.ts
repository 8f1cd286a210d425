/** Protocols of the golden files, in every form in which upstream wrote them. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Finding } from "../../protocols/base/finding.ts";
import { expandProtocol } from "../../protocols/echem/cursor.ts";
import { battinfoWorkflow } from "../../protocols/echem/formats/battinfo-workflow.ts";
import { ecLabSettings } from "../../protocols/echem/formats/ec-lab-settings.ts";
import { pybammExperiment } from "../../protocols/echem/formats/pybamm-experiment.ts";
import { tomatoPayload } from "../../protocols/echem/formats/tomato-payload.ts";
import { protocolStepFile } from "../../protocols/wire/neware/protocol-step-file.ts";
import { encodeStepFile } from "../../protocols/wire/neware/step-xml.ts";
import { protocolFile } from "../../protocols/echem/formats/protocol-file.ts";
import type { Protocol, TechniqueStep } from "../../protocols/echem/protocol.ts";
import { readProtocol } from "../../protocols/echem/read-protocol.ts";

const folder = fileURLToPath(new URL("../fixtures/unicycler/", import.meta.url));

export const goldenText = (name: string): string => readFileSync(folder + name, "utf8");

export interface ReadForm {
  readonly form: string;
  readonly protocol: Protocol | undefined;
  readonly findings: readonly Finding[];
}

export function readForm(text: string, fileName: string): ReadForm {
  const { form, document } = protocolFile(text, fileName);
  if (document.value === undefined) return { form, protocol: undefined, findings: document.findings };
  const { protocol, findings } = readProtocol(document, [], "test");
  return { form, protocol, findings: [...document.findings, ...findings] };
}

/** Throws when it is refused. */
export function soundProtocol(text: string, fileName: string): Protocol {
  const { protocol, findings } = readForm(text, fileName);
  if (protocol === undefined) throw new Error(JSON.stringify(findings));
  return protocol;
}

export const goldenProtocol = (name: string): Protocol => soundProtocol(goldenText(name), name);

const label = { creator: "aurora-unicycler", date: "20260101000000", guid: "00000000-0000-0000-0000-000000000000" };

type Writer = (protocol: Protocol) => string;

/** What each form makes of a protocol; throws where it is refused. */
export const written: Record<"neware" | "pybamm" | "battinfo" | "biologic" | "tomato", Writer> = {
  neware: (protocol) => {
    const file = protocolStepFile(protocol, label);
    if (!file.ok) throw new Error(file.reason);
    return encodeStepFile(file.value);
  },
  pybamm: (protocol) => {
    const made = pybammExperiment(protocol);
    if (!made.ok) throw new Error(made.reason);
    return JSON.stringify(made.lines);
  },
  battinfo: (protocol) => {
    const made = battinfoWorkflow(protocol);
    if (!made.ok) throw new Error(made.reason);
    return JSON.stringify(made.workflow);
  },
  biologic: (protocol) => {
    const made = ecLabSettings(protocol);
    if (!made.ok) throw new Error(made.reason);
    return made.text;
  },
  tomato: (protocol) => {
    const made = tomatoPayload(protocol);
    if (!made.ok) throw new Error(made.reason);
    return JSON.stringify(made.payload);
  },
};

export type Form = keyof typeof written;

/** What is run in order, ids left out. */
export function path(protocol: Protocol): readonly TechniqueStep[] {
  return [...expandProtocol(protocol)].map(({ step }) => ({ ...step, id: null }));
}

/** Rates as the currents that they are. */
export function inCurrents(steps: readonly TechniqueStep[], capacityMah: number): readonly TechniqueStep[] {
  const ma = (rate: number | null, current: number | null): number | null =>
    rate === null ? current : Number((rate * capacityMah).toPrecision(9));
  return steps.map((step) => {
    if (step.kind === "constant-current") return { ...step, rateC: null, currentMa: ma(step.rateC, step.currentMa) };
    if (step.kind !== "constant-voltage") return step;
    return { ...step, untilRateC: null, untilCurrentMa: ma(step.untilRateC, step.untilCurrentMa) };
  });
}
