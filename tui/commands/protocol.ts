/** `beamrack protocol check|show|convert FILE`: read a cycling protocol, say it in plain words, write it in another form. */
import { parseArgs } from "node:util";
import { Fault } from "../../protocols/base/fault.ts";
import { findingText, hasErrors, type Finding } from "../../protocols/base/finding.ts";
import { stepCountOf, timeBoundOf } from "../../protocols/echem/cursor.ts";
import { spectrumLongestS, spectrumPlan } from "../../protocols/echem/spectrum-plan.ts";
import { battinfoWorkflow } from "../../protocols/echem/formats/battinfo-workflow.ts";
import { ecLabSettings } from "../../protocols/echem/formats/ec-lab-settings.ts";
import { ecLabBytes } from "../../protocols/echem/formats/ec-lab-table.ts";
import { protocolInWords } from "../../protocols/echem/formats/plain-words.ts";
import { pybammExperiment } from "../../protocols/echem/formats/pybamm-experiment.ts";
import { tomatoPayload } from "../../protocols/echem/formats/tomato-payload.ts";
import { unicyclerDocument, unicyclerYaml } from "../../protocols/echem/formats/unicycler-document.ts";
import { lossSteps, writtenLess, type LossyForm } from "../../protocols/echem/formats/written-less.ts";
import type { LibraryEntry } from "../../protocols/echem/library/library-entry.ts";
import { LIBRARY } from "../../protocols/echem/library/library.ts";
import type { Protocol } from "../../protocols/echem/protocol.ts";
import { protocolStepFile } from "../../protocols/wire/neware/protocol-step-file.ts";
import { encodeStepFile } from "../../protocols/wire/neware/step-xml.ts";
import type { CommandContext } from "../command-context.ts";
import { LIBRARY_PREFIX, loadProtocol, type LoadedProtocol } from "../load-protocol.ts";
import {
  convertToMethodScript,
  METHODSCRIPT_OPTIONS,
  methodScriptOptions,
  type MethodScriptOptions,
} from "../convert/methodscript.ts";
import { plotProtocol } from "../plot/plot-protocol.ts";
import { writeWhole } from "../virtual/world-files.ts";

const ACTIONS = ["check", "show", "convert"] as const;
const FORMS = [
  "unicycler",
  "unicycler-yaml",
  "neware",
  "pybamm",
  "battinfo",
  "biologic",
  "tomato",
  "methodscript",
] as const;
type Form = (typeof FORMS)[number];

interface Options {
  readonly capacityMah: number | null;
  readonly sampleName: string | undefined;
  readonly to: string;
  readonly outPath: string | undefined;
  readonly methodScript: MethodScriptOptions;
  /** `terminal`, or a file to write an SVG figure to. */
  readonly plot: string | undefined;
  readonly chemistry: string | undefined;
}

export function protocolCommand(context: CommandContext, args: readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    resolve(run(context, args));
  });
}

function run(context: CommandContext, args: readonly string[]): number {
  const { values, positionals } = parseArgs({
    args: withPlotPlace(args),
    allowPositionals: true,
    strict: true,
    options: {
      to: { type: "string", default: "unicycler" },
      out: { type: "string" },
      "capacity-mAh": { type: "string" },
      sample: { type: "string" },
      set: { type: "string", multiple: true, default: [] },
      plot: { type: "string" },
      ...METHODSCRIPT_OPTIONS,
    },
  });
  const [word, path, ...more] = positionals;
  if (word === "list" && path === undefined) return list(context);
  const action = ACTIONS.find((known) => known === word);
  if (action === undefined || path === undefined || more.length > 0) {
    throw new Fault(
      "command.usage",
      "beamrack protocol",
      "takes check, show or convert and one protocol file, or list",
    );
  }
  const options: Options = {
    capacityMah: capacityOf(values["capacity-mAh"]),
    sampleName: values.sample,
    to: values.to,
    outPath: values.out,
    methodScript: methodScriptOptions(values),
    plot: values.plot,
    chemistry: values.chemistry,
  };
  if (values.set.length > 0 && !path.startsWith(LIBRARY_PREFIX)) {
    throw new Fault("command.usage", "--set", `sets parameters of a library protocol; ${path} is a file`);
  }
  const loaded = loadProtocol(context, path, settingsOf(values.set));
  if (loaded.protocol === undefined || hasErrors(loaded.findings)) return refuse(context, loaded.findings);
  switch (action) {
    case "check":
      return check(context, loaded, loaded.protocol);
    case "show":
      return show(context, path, loaded, loaded.protocol, options);
    case "convert":
      return convert(context, path, loaded, loaded.protocol, options);
  }
}

/** `--plot` alone is drawn in the terminal. */
function withPlotPlace(args: readonly string[]): string[] {
  return args.flatMap((arg, index) => {
    const next = args[index + 1] ?? "";
    const isPlaceGiven = next === "terminal" || /\.(svg|png|pdf|jpe?g)$/i.test(next);
    return arg === "--plot" && !isPlaceGiven ? [arg, "terminal"] : [arg];
  });
}

function check(context: CommandContext, loaded: LoadedProtocol, protocol: Protocol): number {
  const timeMaxS = timeBoundOf(protocol, (step) => {
    if (step.kind === "impedance-spectroscopy") return spectrumLongestS(spectrumPlan(step));
    if (step.kind === "voltage-scan") {
      return Math.abs(step.endVoltageV - step.startVoltageV) / (step.scanRateMvS / 1000);
    }
    return step.untilTimeS ?? NaN;
  });
  const stepsRun = stepCountOf(protocol);
  const bound = Number.isFinite(timeMaxS) ? timeMaxS : null;
  if (context.json) {
    context.print(
      JSON.stringify({
        ok: true,
        findings: loaded.findings,
        form: loaded.form,
        steps: protocol.steps.length,
        steps_run: stepsRun,
        time_max_s: bound,
      }),
    );
    return 0;
  }
  for (const finding of loaded.findings) context.printError(findingText(finding));
  const noBound = timeMaxS === Infinity ? "longer than can be told" : "not every step has a time of its own";
  const longest = bound === null ? noBound : `at most ${(bound / 3600).toFixed(1)} h`;
  context.print(
    `${protocol.name}: sound by itself (${loaded.form} form); ${protocol.steps.length} steps, ${stepsRun.toLocaleString("en")} run with loops; ${longest}.`,
  );
  context.print("Against a cell and a channel it is checked in a campaign: beamrack check CAMPAIGN.yaml");
  return 0;
}

/** What the library holds. */
function list(context: CommandContext): number {
  if (context.json) {
    const entries = LIBRARY.map(({ name, title, source, chosen, parameters }) => {
      return { name, title, source, chosen, parameters };
    });
    context.print(JSON.stringify({ library: entries }));
    return 0;
  }
  for (const entry of LIBRARY) context.print(`${LIBRARY_PREFIX}${entry.name.padEnd(16)} ${entry.title}`);
  return 0;
}

function show(
  context: CommandContext,
  path: string,
  { findings }: LoadedProtocol,
  protocol: Protocol,
  options: Options,
): number {
  for (const finding of findings) context.printError(findingText(finding));
  const entry = LIBRARY.find((known) => path === `${LIBRARY_PREFIX}${known.name}`);
  const lines = [
    ...(entry === undefined ? [] : entryText(entry)),
    ...protocolInWords(protocol, options.capacityMah ?? protocol.sampleCapacityMah),
  ];
  if (context.json) context.print(JSON.stringify({ protocol: unicyclerDocument(protocol), text: lines }));
  else for (const line of lines) context.print(line);
  if (options.plot !== undefined) {
    plotProtocol(context, protocol, {
      target: options.plot,
      chemistry: options.chemistry,
      capacityMah: options.capacityMah,
    });
  }
  return 0;
}

function entryText(entry: LibraryEntry): readonly string[] {
  const width = Math.max(...entry.parameters.map((known) => known.name.length));
  return [
    entry.title,
    `Source: ${entry.source}.`,
    `Chosen: ${entry.chosen}.`,
    "Parameters (--set NAME=VALUE), with their defaults:",
    ...entry.parameters.map(
      (known) => `  ${known.name.padEnd(width)}  ${String(known.default).padStart(8)}  ${known.meaning}`,
    ),
    "",
  ];
}

/** `name=value` each; what is no number stays text, and is refused with its parameter's bounds. */
function settingsOf(settings: readonly string[]): Readonly<Record<string, unknown>> {
  const values: Record<string, unknown> = {};
  for (const setting of settings) {
    const at = setting.indexOf("=");
    if (at < 1) throw new Fault("command.usage", "--set", `${setting} is no setting; write NAME=VALUE`);
    const text = setting.slice(at + 1).trim();
    const number = Number(text);
    values[setting.slice(0, at).trim()] = text === "" || !Number.isFinite(number) ? text : number;
  }
  return values;
}

function convert(
  context: CommandContext,
  path: string,
  { findings }: LoadedProtocol,
  protocol: Protocol,
  options: Options,
): number {
  const form = FORMS.find((known) => known === options.to);
  if (form === undefined) {
    throw new Fault("command.usage", "--to", `${options.to} is no form; write ${FORMS.join(", ")}`);
  }
  const named: Protocol = {
    ...protocol,
    sampleName: options.sampleName ?? protocol.sampleName,
    sampleCapacityMah: options.capacityMah ?? protocol.sampleCapacityMah,
  };
  // What was left out on the way in is not in what is written either.
  for (const finding of findings) context.printError(findingText(finding));
  if (form === "methodscript") {
    const exit = convertToMethodScript(context, path, named, options.outPath, options.methodScript);
    tellLosses(form, path, named, context);
    return exit;
  }
  const { text, bytes } = writtenIn(form, path, named, context);
  if (options.outPath === undefined) {
    if (context.json) context.print(JSON.stringify({ to: form, text }));
    else if (bytes === undefined || bytes.every((byte) => byte < 0x80)) context.print(text.trimEnd());
    else {
      const why = "holds characters that only a file in Windows-1252 keeps: EC-Lab may take \u00b5 for m in any other";
      throw new Fault("command.usage", "--to", `${form} ${why}; give --out FILE.mps`);
    }
    return 0;
  }
  writeWhole(options.outPath, bytes ?? text);
  if (context.json) context.print(JSON.stringify({ to: form, out: options.outPath }));
  else context.print(`${form}: ${options.outPath}`);
  return 0;
}

interface Written {
  readonly text: string;
  /** Of the file, where it is not UTF-8. */
  readonly bytes?: Uint8Array;
}

function writtenIn(
  form: Exclude<Form, "methodscript">,
  path: string,
  named: Protocol,
  context: CommandContext,
): Written {
  const written =
    form === "biologic" ? settingsOfEcLab(path, named, context) : { text: textIn(form, path, named, context) };
  if (form !== "unicycler" && form !== "unicycler-yaml") tellLosses(form, path, named, context);
  return written;
}

function tellLosses(form: LossyForm, path: string, named: Protocol, context: CommandContext): void {
  for (const loss of writtenLess(form, named)) {
    const { severity, what, advice } = loss;
    const where = `${path} ${lossSteps(loss)}`.trim();
    context.printError(findingText({ severity, code: "protocol.written-less", where, what, advice }));
  }
}

function settingsOfEcLab(path: string, named: Protocol, context: CommandContext): Written {
  const written = ecLabSettings(named);
  if (!written.ok) throw new Fault("protocol.invalid", path, `${written.reason} (--sample, --capacity-mAh)`);
  const bytes = ecLabBytes(written.text);
  if (bytes === undefined) {
    throw new Fault("protocol.invalid", path, "the sample's name has characters that Windows-1252 has not (--sample)");
  }
  for (const what of written.rounded) {
    const advice = "The settings have three decimals.";
    context.printError(findingText({ severity: "warning", code: "protocol.written-less", where: path, what, advice }));
  }
  return { text: written.text, bytes };
}

function textIn(
  form: Exclude<Form, "methodscript" | "biologic">,
  path: string,
  named: Protocol,
  context: CommandContext,
): string {
  switch (form) {
    case "unicycler":
      return `${JSON.stringify(unicyclerDocument(named), null, 4)}\n`;
    case "unicycler-yaml":
      return unicyclerYaml(named);
    case "tomato": {
      const written = tomatoPayload(named);
      if (!written.ok) throw new Fault("protocol.invalid", path, `${written.reason} (--sample, --capacity-mAh)`);
      return `${JSON.stringify(written.payload, null, 4)}\n`;
    }
    case "pybamm": {
      const written = pybammExperiment(named);
      if (!written.ok) throw new Fault("protocol.invalid", path, written.reason);
      return `${JSON.stringify(written.lines, null, 1)}\n`;
    }
    case "battinfo": {
      const written = battinfoWorkflow(named);
      if (!written.ok) throw new Fault("protocol.invalid", path, written.reason);
      return `${JSON.stringify(written.workflow, null, 1)}\n`;
    }
    case "neware": {
      const date = new Date(context.clock.wallMs()).toISOString().replace(/\D/g, "").slice(0, 14);
      const file = protocolStepFile(named, { creator: "beamrack", date, guid: NO_GUID });
      if (!file.ok) throw new Fault("protocol.invalid", path, `${file.reason} (--sample, --capacity-mAh)`);
      return encodeStepFile(file.value);
    }
  }
}

/** The client gives a file its own when it opens it. */
const NO_GUID = "00000000-0000-0000-0000-000000000000";

function capacityOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  const capacityMah = Number(text);
  if (!(capacityMah > 0 && Number.isFinite(capacityMah))) {
    throw new Fault("command.usage", "--capacity-mAh", `${text} is no capacity; write such as 4.09`);
  }
  return capacityMah;
}

function refuse(context: CommandContext, findings: readonly Finding[]): number {
  if (context.json) context.print(JSON.stringify({ ok: false, findings }));
  for (const finding of findings) if (finding.severity !== "note") context.printError(findingText(finding));
  context.printError("Refused.");
  return 2;
}
