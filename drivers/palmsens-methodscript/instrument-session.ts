/**
 * What can be asked of a MethodSCRIPT instrument, in its own order of words: resynchronise, identify, load, run,
 * stop, switch the cell off. Each waits with a deadline and pauses after an error, when the instrument is deaf.
 */
import { sleep, type Clock } from "../../protocols/base/clock.ts";
import { Fault, isFault } from "../../protocols/base/fault.ts";
import { decodeErrorLine, errorText, type InstrumentError } from "../../protocols/wire/methodscript/error-codes.ts";
import { decodeVersion, type DeviceVersion } from "../../protocols/wire/methodscript/device-models.ts";
import {
  cellOffLines,
  encodeCommand,
  encodeScript,
  openCircuitLines,
  SCRIPT_WORDS,
} from "../../protocols/wire/methodscript/script-lines.ts";
import { wrongAnswer } from "../link/scpi-identity.ts";
import type { LineConversation } from "./line-conversation.ts";
import { createSampleReader } from "./sample-reader.ts";

/** The instrument ignores input for 50 to 100 ms after an error; the vendor's advice is to wait at least 150. */
const DEAF_MS = 150;
const STOP_ATTEMPTS = 4;
const CELL_OFF_ATTEMPTS = 3;

export interface InstrumentSession {
  /** Ends whatever runs. Tells whether a script ran. Rejects with `link.timeout` when the instrument stays silent. */
  stop(): Promise<"nothing ran" | "stopped">;
  identify(): Promise<DeviceVersion & { readonly serialNumber: string }>;
  /** Null when loaded; a refused load has applied nothing. */
  load(lines: readonly string[]): Promise<InstrumentError | null>;
  /** Null when the script runs; `onRunning` is called inside the byte stream, before any output of the script. */
  run(onRunning: () => void): Promise<InstrumentError | null>;
  /** Switches the cell off and waits for the instrument to say so. Rejects with `cell.not-off` where it does not. */
  switchCellOff(): Promise<void>;
  measureOpenCircuitV(): Promise<number>;
}

export function createInstrumentSession(
  name: string,
  conversation: LineConversation,
  clock: Clock,
  replyMs: number,
): InstrumentSession {
  const settle = (): Promise<void> => sleep(clock, DEAF_MS);

  /** An answer, or undefined when none came in time. */
  async function askOrNothing<T>(what: string, text: string, accept: (line: string) => T | undefined) {
    try {
      return await conversation.ask(what, encodeCommand(text), replyMs, accept);
    } catch (error) {
      if (isFault(error) && error.code === "link.timeout") return undefined;
      throw error;
    }
  }

  async function stop(): Promise<"nothing ran" | "stopped"> {
    for (let attempt = 0; attempt < STOP_ATTEMPTS; attempt += 1) {
      let echoed = false;
      // From the second try on a line feed goes first: it ends a half-sent line or script.
      const answer = await askOrNothing("Z", attempt === 0 ? "Z" : "\nZ", (line) => {
        if (line.startsWith("Z!")) return "nothing ran" as const;
        if (line === "Z") echoed = true;
        else if (line === "" && echoed) return "stopped" as const;
        return undefined;
      });
      await settle();
      if (answer !== undefined) return answer;
    }
    throw new Fault("link.timeout", name, `no answer to Z after ${STOP_ATTEMPTS} tries`, { tries: STOP_ATTEMPTS });
  }

  async function askOnce(command: string): Promise<string> {
    const reply = await conversation.ask(command, encodeCommand(command), replyMs, (line) =>
      line.startsWith(command) ? line : undefined,
    );
    const failed = decodeErrorLine(reply);
    if (failed === undefined) return reply.slice(command.length);
    await settle();
    throw refusal(`${command} was refused`, failed.error);
  }

  function refusal(what: string, error: InstrumentError): Fault {
    return new Fault("device.refused", name, `${what}: ${errorText(error)}`, { error: error.code });
  }

  return {
    stop,
    async identify() {
      let text = "";
      const reply = await conversation.ask("t", encodeCommand("t"), replyMs, (line) => {
        if (text === "" && !line.startsWith("t")) return undefined;
        text += line;
        return line.endsWith("*") || line.startsWith("t!") ? text : undefined;
      });
      const failed = decodeErrorLine(reply);
      if (failed !== undefined) {
        await settle();
        throw refusal("t was refused", failed.error);
      }
      const version = decodeVersion(reply);
      if (version === undefined) throw wrongAnswer(name, "a MethodSCRIPT device", reply);
      return { ...version, serialNumber: await askOnce("i") };
    },
    async load(lines) {
      const error = await conversation.ask("l", encodeScript("l", lines), replyMs, (line) => {
        if (line === "l") return null;
        return line.startsWith("l!") ? decodeErrorLine(line)?.error : undefined;
      });
      if (error !== null) await settle();
      return error;
    },
    async run(onRunning) {
      const error = await conversation.ask("r", encodeCommand("r"), replyMs, (line) => {
        if (!line.startsWith("r")) return undefined;
        const failed = decodeErrorLine(line);
        if (failed !== undefined) return failed.error;
        onRunning();
        return null;
      });
      if (error !== null) await settle();
      return error;
    },
    async switchCellOff() {
      let last = "no answer";
      for (let attempt = 0; attempt < CELL_OFF_ATTEMPTS; attempt += 1) {
        const said = echoedText(SCRIPT_WORDS.cellOff);
        const script = ["e", ...cellOffLines(), ""].join("\n");
        let isOff = false;
        const answer = await askOrNothing("cell_off", script, (line) => {
          const failed = decodeErrorLine(line);
          if (failed !== undefined) return failed.error;
          if (said(line)) isOff = true;
          return isOff && line === "" ? null : undefined;
        });
        if (answer === null) return;
        if (answer !== undefined) last = errorText(answer);
        await settle();
        await stop();
      }
      throw new Fault("cell.not-off", name, `the cell could not be confirmed off: ${last}`);
    },
    async measureOpenCircuitV() {
      const reader = createSampleReader();
      const said = echoedText(SCRIPT_WORDS.cellOff);
      let voltageV = Number.NaN;
      let isOff = false;
      const error = await conversation.ask(
        "open-circuit voltage",
        encodeScript("e", openCircuitLines()),
        replyMs,
        (line) => {
          const failed = decodeErrorLine(line);
          if (failed !== undefined) return failed.error;
          if (line.includes("P") && !line.includes("T")) {
            const bytes = encodeCommand(line.slice(line.indexOf("P")));
            reader.read(bytes, 0, bytes.length - 1);
            voltageV = reader.voltageV;
          }
          if (said(line)) isOff = true;
          return isOff && line === "" ? null : undefined;
        },
      );
      if (error !== null) {
        await settle();
        await this.switchCellOff();
        throw refusal("the open-circuit voltage was not measured", error);
      }
      if (!Number.isFinite(voltageV))
        throw new Fault("link.garbled", name, "the open-circuit voltage could not be read");
      return voltageV;
    },
  };
}

/** The text as a line of its own, or straight after the command's echo: vendor documents show both. */
function echoedText(word: string): (line: string) => boolean {
  return (line) => line === `T${word}` || line === `eT${word}`;
}
