/** A MethodSCRIPT file run on one instrument as it stands, line by line to whoever looks; the cell is off in the end. */
import { sleep } from "../../protocols/base/clock.ts";
import type { Json } from "../../protocols/base/canonical-json.ts";
import { Fault, isFault } from "../../protocols/base/fault.ts";
import { errorText } from "../../protocols/wire/methodscript/error-codes.ts";
import { createInstrumentSession } from "../../drivers/palmsens-methodscript/instrument-session.ts";
import { createLineConversation } from "../../drivers/palmsens-methodscript/line-conversation.ts";
import { openWithin } from "../../drivers/link/open-within.ts";
import type { ActBench } from "./act.ts";

const REPLY_MS = 1000;
/** What a script said; the first and last of more than this are kept. */
const LINES_MAX = 2000;

export interface ScriptTarget {
  readonly name: string;
  readonly openLink: Parameters<typeof openWithin>[1];
}

/** Lines of the file as the instrument takes them: a blank one would end the script. */
export function scriptLines(text: string, where: string): readonly string[] {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  const [first = "", ...rest] = lines;
  const body = first === "e" || first === "l" ? rest : lines;
  if (body.length === 0) throw new Fault("file.syntax", where, "holds no line of a script");
  const odd = body.find((line) => /[^\x20-\x7e\t]/.test(line));
  if (odd !== undefined)
    throw new Fault("file.syntax", where, `holds a line that is not plain text: ${odd.slice(0, 60)}`);
  return body;
}

/** Rejects with `device.refused` when the script is not taken, `channel.script-error` when it fails on the way. */
export async function runScript(bench: ActBench, target: ScriptTarget, lines: readonly string[]): Promise<Json> {
  const { clock, signal } = bench;
  const { name } = target;
  const said: string[] = [];
  let saidCount = 0;
  let end: ((trouble: Fault | null) => void) | undefined;

  function heard(line: string): void {
    if (end === undefined) return;
    if (line === "") {
      end(null);
      return;
    }
    saidCount += 1;
    if (said.length < LINES_MAX) said.push(line);
    if (line.startsWith("!")) end(new Fault("channel.script-error", name, `the script stopped: ${line}`, { line }));
  }

  const link = await openWithin(clock, target.openLink, name);
  const decoder = new TextDecoder("latin1");
  const talk = createLineConversation({
    name,
    link,
    clock,
    onPackage(bytes, start, stop) {
      heard(decoder.decode(bytes.subarray(start, stop)));
      return true;
    },
    onLine(line, awaited) {
      if (!awaited) heard(line);
    },
    onLost(why) {
      end?.(new Fault("link.closed", name, `the link closed while the script ran: ${why}`));
    },
  });
  const session = createInstrumentSession(name, talk, clock, REPLY_MS);
  try {
    await session.stop();
    const refused = await session.load(lines);
    if (refused !== null) throw new Fault("device.refused", name, `the script was refused: ${errorText(refused)}`);
    const ended = new Promise<Fault | null>((resolve) => {
      end = resolve;
    });
    signal.addEventListener("abort", () => {
      end?.(new Fault("device.unknown-outcome", name, "the script was ended before it was over"));
    });
    const failed = await session.run(() => undefined);
    if (failed !== null) throw new Fault("device.refused", name, `the script was not run: ${errorText(failed)}`);
    const trouble = await ended;
    end = undefined;
    if (trouble !== null) throw trouble;
    return { lines: said, line_count: saidCount, cell: "off" };
  } finally {
    end = undefined;
    // Whatever the script left behind: the cell is switched off, and the instrument says so.
    if (talk.isOpen)
      await makeOff().finally(() => {
        talk.close("done");
      });
  }

  async function makeOff(): Promise<void> {
    await sleep(clock, 150);
    try {
      await session.stop();
      await session.switchCellOff();
    } catch (error) {
      if (!isFault(error)) throw error;
      throw new Fault("cell.not-off", name, `the cell could not be confirmed off: ${error.message}`, {}, error);
    }
  }
}
