/** `beamrack custody FOLDER`: where every cell is and how it came there; what a run has proven is taken over; discrepancies are settled. */
import { parseArgs } from "node:util";
import { readCustody } from "../../controller/custody/custody-ledger.ts";
import { recordedActs } from "../../controller/custody/recorded-acts.ts";
import type { Custody, CustodyCell } from "../../controller/custody/custody.ts";
import { Fault } from "../../protocols/base/fault.ts";
import { findingText } from "../../protocols/base/finding.ts";
import {
  discrepancyJson,
  inCustody,
  personOf,
  statesOf,
  statesText,
  type CustodyContext,
} from "../custody/custody-acts.ts";
import { plainText } from "../progress/number-text.ts";

/** Exit 2 where there was nothing to settle; 3 where the ledger's chain is broken, or something is still to be settled. */
export async function custodyCommand(context: CustodyContext, args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    strict: true,
    options: {
      data: { type: "string" },
      settle: { type: "string", multiple: true, default: [] },
      reason: { type: "string" },
      by: { type: "string" },
    },
  });
  const [folder, ...more] = positionals;
  if (folder === undefined || more.length > 0) {
    throw new Fault("command.usage", "beamrack custody", "takes one custody folder");
  }
  const { data, settle, reason } = values;
  let refused = 0;
  if (settle.length > 0) {
    if (reason === undefined) throw new Fault("command.usage", "beamrack custody --settle", "needs --reason TEXT");
    const by = personOf(context, values.by, "custody");
    await inCustody(context, folder, by, ({ note }) => {
      for (const barcode of settle) {
        if (!note({ kind: "settle", barcode, reason }, `${barcode}: settled, ${reason}`)) refused += 1;
      }
      return Promise.resolve();
    });
  }
  if (data !== undefined) {
    await inCustody(context, folder, `beamrack run ${data}`, ({ ledger, note }) => {
      for (const { act, said } of recordedActs(data, ledger.custody)) note(act, said);
      return Promise.resolve();
    });
  }
  const shown = show(context, folder);
  return refused > 0 ? 2 : shown;
}

function show(context: CustodyContext, folder: string): number {
  const { custody, entries, findings } = readCustody(folder);
  if (entries.length === 0 && findings.length === 0) {
    throw new Fault("file.missing", folder, "there is no custody ledger in it");
  }
  const isOk = findings.length === 0 && custody.discrepancies.length === 0;
  if (context.json) {
    const cells = [...custody.cells.values()].map(cellJson);
    const open = custody.discrepancies.map(discrepancyJson);
    const states = statesOf(custody);
    context.print(JSON.stringify({ ok: isOk, entries: entries.length, findings, states, cells, discrepancies: open }));
  } else {
    for (const line of linesOf(custody)) context.print(plainText(line));
    for (const one of custody.discrepancies) context.printError(plainText(`${one.kind}: ${one.what}`));
    for (const finding of findings) context.printError(plainText(findingText(finding)));
    context.print(
      plainText(`${entries.length} entries, chain ${findings.length === 0 ? "ok" : "broken"}; ${statesText(custody)}`),
    );
  }
  return isOk ? 0 : 3;
}

function linesOf({ cells }: Custody): readonly string[] {
  return [...cells.values()].map(({ barcode, state, expected, position, steps }) => {
    const last = steps.at(-1);
    const when = last === undefined ? "" : `, ${new Date(last.atMs).toISOString().slice(0, 16)} by ${last.by}`;
    return `${barcode}  ${expected?.group ?? "nobody's"}  ${state}${position === null ? "" : ` at ${position}`}${when}`;
  });
}

function cellJson({ barcode, state, expected, position, lastSeen, steps }: CustodyCell): object {
  return {
    ...{ barcode, state, position },
    group: expected?.group ?? null,
    shipment: expected?.shipment ?? null,
    last_seen:
      lastSeen === null
        ? null
        : {
            open_circuit_V: lastSeen.openCircuitV,
            resistance_ohm: lastSeen.resistanceOhm,
            at: new Date(lastSeen.atMs).toISOString(),
          },
    steps: steps.map(({ state: to, by, atMs }) => ({ state: to, by, at: new Date(atMs).toISOString() })),
  };
}
