/** `beamrack verify DIR`: the audit of a data folder. Exit 0 when it holds, 3 when it does not, 2 without a record. */
import { parseArgs } from "node:util";
import { replayDecisions } from "../../controller/run/replay-decisions.ts";
import { halfCyclesOf, type CellHalfCycles } from "../../controller/record/half-cycle-table.ts";
import { HOLDER_FILE, readHolder, type FolderHolder } from "../../controller/record/folder-lock.ts";
import { verifyRecord, type ReplayDecisions, type VerifyReport } from "../../controller/record/verify.ts";
import { Fault } from "../../protocols/base/fault.ts";
import { findingText, type Finding } from "../../protocols/base/finding.ts";
import type { CommandContext } from "../command-context.ts";
import { countText } from "../progress/number-text.ts";

/** Of the machine, no more than a place to print. */
export type VerifyContext = Pick<CommandContext, "json" | "print">;

/** `replay` makes the decisions anew from the log alone, to be compared with those the log tells of. */
export function verifyCommand(
  context: VerifyContext,
  args: readonly string[],
  replay: ReplayDecisions = replayDecisions,
): Promise<number> {
  const { positionals } = parseArgs({ args: [...args], allowPositionals: true, strict: true, options: {} });
  const [folder, ...more] = positionals;
  if (folder === undefined || more.length > 0)
    throw new Fault("command.usage", "beamrack verify", "takes one data folder");
  const verified = verifyRecord(folder, replay);
  const writer = readHolder(folder);
  const report =
    writer === undefined ? verified : { ...verified, findings: [inTheMaking(writer), ...verified.findings] };
  const cells = halfCyclesOf(folder);
  if (context.json)
    context.print(JSON.stringify({ ...verifyDocument(folder, report), half_cycles: cells.map(cellJson) }));
  else {
    printReport(context, folder, report);
    for (const line of cells.map(cellLine)) context.print(line);
  }
  return Promise.resolve(report.ok ? 0 : 3);
}

/** Beside a running controller the record has no end yet, and its other findings read as of a run that was cut. */
function inTheMaking({ pid, host, sinceMs }: FolderHolder): Finding {
  const since = `${new Date(sinceMs).toISOString().slice(0, 19).replace("T", " ")} UTC`;
  return {
    ...{ severity: "note", code: "record.in-the-making", where: HOLDER_FILE },
    what: `process ${pid} on ${host} has written here since ${since}, or was killed: while it runs, a head file that is not there and what is not settled are in order`,
    advice: "Verify again when the run is over. Where no such process runs, resume the campaign.",
  };
}

/** The report as CONTRACTS has it, with more beside. */
function verifyDocument(folder: string, report: VerifyReport): object {
  const { header } = report;
  return {
    ok: report.ok,
    findings: report.findings,
    folder,
    campaign: header?.campaign ?? null,
    seed: header?.seed ?? null,
    world: header?.world ?? null,
    events: report.events,
    chain: report.chain,
    replay: report.replay,
    exposures: report.exposures,
    ...(report.corrections === 0 ? {} : { correction_frames: report.corrections }),
    ledger: report.ledger,
    bookings_open: report.openBookings,
    dose_limit_fraction_max: report.limitFractionMax,
    samples: report.samples,
    ...(report.thinned === 0 ? {} : { thinned: report.thinned }),
    frames: report.frames,
    gaps: report.gaps,
    spectra: report.spectra,
    steps_compared: report.steps.steps,
    steps_as_instrument: report.steps.counted,
    digest: report.digest,
  };
}

function printReport(context: VerifyContext, folder: string, report: VerifyReport): void {
  const { header, limitFractionMax } = report;
  const rows: readonly (readonly [string, string])[] = [
    ["campaign", header === undefined ? "not stated" : `${header.campaign}, ${header.world} world`],
    ["event log", `${countText(report.events)} events, chain ${report.chain}`],
    ["digest", report.digest ?? "none"],
    ["replay", report.replay],
    [
      "dose ledger",
      `${report.ledger}, exposures ${countText(report.exposures)}, bookings open ${countText(report.openBookings)}`,
    ],
    ...(report.corrections === 0
      ? []
      : [["correction frames", `${countText(report.corrections)}, beside every cell`] as const]),
    [
      "dose",
      limitFractionMax === null
        ? "none given"
        : `at most ${(100 * limitFractionMax).toFixed(1)} % of a limit, uncertainty included`,
    ],
    [
      "samples",
      `${countText(report.samples)} in ${countText(report.frames)} frames, ${report.thinned === 0 ? "" : `${countText(report.thinned)} thinned on purpose, `}gaps ${countText(report.gaps)}`,
    ],
    ...(report.steps.steps === 0
      ? []
      : [
          [
            "steps",
            `all samples that came are there in ${countText(report.steps.steps)}; in ${countText(report.steps.counted)} the instrument counted as many`,
          ] as const,
        ]),
    ...(report.spectra === 0 ? [] : [["spectra", countText(report.spectra)] as const]),
  ];
  context.print(`${folder}: ${report.ok ? "the record holds" : "the record does not hold"}`);
  for (const [name, value] of rows) context.print(name === "digest" ? `    ${value}` : `  ${name.padEnd(12)} ${value}`);
  for (const finding of report.findings) context.print(`  ${findingText(finding)}`);
}

function cellJson(cell: CellHalfCycles): object {
  return {
    position: cell.position,
    half_cycles: cell.halfCycles,
    charge_mAh: milli(cell.chargeAh),
    discharge_mAh: milli(cell.dischargeAh),
    coulombic_efficiency: cell.coulombicEfficiency,
    state_of_health: cell.stateOfHealth,
  };
}

/** The last charge and discharge of a cell. */
function cellLine(cell: CellHalfCycles): string {
  const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
  const capacity = (name: string, ah: number | null): readonly string[] =>
    ah === null ? [] : [`${name} ${(1000 * ah).toFixed(4)} mAh`];
  const parts = [
    `${countText(cell.halfCycles)} half cycle${cell.halfCycles === 1 ? "" : "s"}`,
    ...capacity("charge", cell.chargeAh),
    ...capacity("discharge", cell.dischargeAh),
    ...(cell.coulombicEfficiency === null ? [] : [`coulombic efficiency ${percent(cell.coulombicEfficiency)}`]),
    ...(cell.stateOfHealth === null ? [] : [`state of health ${percent(cell.stateOfHealth)}`]),
  ];
  return `  ${cell.position.padEnd(12)} ${parts.join(", ")}`;
}

function milli(value: number | null): number | null {
  return value === null ? null : 1000 * value;
}
