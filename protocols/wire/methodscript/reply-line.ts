/** What a line from the instrument is, by its first character. Data packages are left to the package decoder. */
import { decodeErrorLine, type InstrumentError } from "./error-codes.ts";

export type ReplyLine =
  /** The empty line: the script's output is over. */
  | { readonly kind: "end" }
  /** `command` is empty for a running script's error. */
  | { readonly kind: "error"; readonly command: string; readonly error: InstrumentError }
  /** A measurement loop starts; `technique` is e.g. 0x0007 CA, 0x000A CP, 0x000B OCP. */
  | { readonly kind: "measurement-start"; readonly technique: number }
  | { readonly kind: "measurement-end" }
  | { readonly kind: "scan-start"; readonly scan: number }
  | { readonly kind: "scan-end" }
  | { readonly kind: "loop-start" }
  | { readonly kind: "loop-end" }
  | { readonly kind: "package" }
  /** From `send_string`. */
  | { readonly kind: "text"; readonly text: string }
  /** A run-time command's echo inside the stream. */
  | { readonly kind: "echo"; readonly command: "Z" | "Y" | "h" | "H" | "R" }
  | { readonly kind: "other"; readonly text: string };

export function classifyLine(line: string): ReplyLine {
  if (line === "") return { kind: "end" };
  const first = line.charAt(0);
  const alone = line.length === 1;
  switch (first) {
    case "P":
      return { kind: "package" };
    case "T":
      return { kind: "text", text: line.slice(1) };
    case "M":
      if (/^M[0-9A-F]{4}$/.test(line))
        return { kind: "measurement-start", technique: Number.parseInt(line.slice(1), 16) };
      break;
    case "C":
      if (/^C\d{4}$/.test(line)) return { kind: "scan-start", scan: Number(line.slice(1)) };
      break;
    case "*":
      if (alone) return { kind: "measurement-end" };
      break;
    case "-":
      if (alone) return { kind: "scan-end" };
      break;
    case "L":
      if (alone) return { kind: "loop-start" };
      break;
    case "+":
      if (alone) return { kind: "loop-end" };
      break;
    case "Z":
    case "Y":
    case "h":
    case "H":
    case "R":
      if (alone) return { kind: "echo", command: first };
      break;
    default:
      break;
  }
  const failed = decodeErrorLine(line);
  if (failed !== undefined) return { kind: "error", command: failed.command, error: failed.error };
  return { kind: "other", text: line };
}
