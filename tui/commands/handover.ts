/** `beamrack handover DIR`: what one shift tells the next. */
import { parseArgs } from "node:util";
import { createHandoverFold, type HandoverFold } from "../../controller/handover/handover-fold.ts";
import { openRecord } from "../../controller/record/record-reader.ts";
import { parseJson } from "../../controller/record/record-header.ts";
import { Fault } from "../../protocols/base/fault.ts";
import { isTimeZone } from "../../protocols/base/local-time.ts";
import type { CommandContext } from "../command-context.ts";
import { handoverJson, handoverLines } from "../handover/handover-text.ts";
import { handoverMoment } from "../handover/handover-window.ts";

/** A shift. */
const USUAL = "8h";

export type HandoverContext = Pick<CommandContext, "json" | "print">;

export function handoverCommand(context: HandoverContext, args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    strict: true,
    options: { since: { type: "string" }, until: { type: "string" }, timezone: { type: "string" } },
  });
  const [folder, ...more] = positionals;
  if (folder === undefined || more.length > 0) {
    throw new Fault("command.usage", "beamrack handover", "takes one data folder; that of a running campaign will do");
  }
  const asked = values.timezone;
  if (asked !== undefined && !isTimeZone(asked)) {
    const what = `${asked} is no time zone; write a name such as Europe/Paris or America/Chicago`;
    throw new Fault("command.usage", "--timezone", what);
  }
  const fold = read(folder);
  const { clock, lastMs } = fold;
  if (clock === null) throw new Fault("export.no-plan", folder, "the record does not say when its campaign began");
  const timeZone = asked ?? clock.timeZone;
  const nowUtcMs = clock.startMs + lastMs;
  const moment = (option: "--since" | "--until", written: string): number =>
    handoverMoment(option, written, nowUtcMs, timeZone) - clock.startMs;
  const fromMs = moment("--since", values.since ?? USUAL);
  const toMs = moment("--until", values.until ?? USUAL);
  if (toMs <= fromMs) throw new Fault("command.usage", "--until", "lies before --since");
  const page = { ...fold.handover(fromMs, toMs), timeZone };
  if (context.json) context.print(JSON.stringify(handoverJson(page)));
  else for (const line of handoverLines(page)) context.print(line);
  return Promise.resolve(0);
}

function read(folder: string): HandoverFold {
  const fold = createHandoverFold();
  const reader = openRecord(folder);
  try {
    for (const scanned of reader.events()) {
      if (scanned.kind !== "row") continue;
      const { type, atMs, dataText } = scanned.row;
      fold.event(type, atMs, parseJson(dataText));
    }
  } finally {
    reader.close();
  }
  return fold;
}
