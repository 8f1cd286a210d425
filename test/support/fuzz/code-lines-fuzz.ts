/** What a barcode reader may be misheard to say. */
import { CODE_LINE_LENGTH_MAX, decodeCodeLine } from "../../../protocols/wire/serial-line/code-lines.ts";
import { createTextLines } from "../../../protocols/wire/text-lines.ts";
import type { FuzzEntry } from "./fuzz-codec.ts";

const RULES = { prefix: "\u0002", noRead: "NOREAD", pattern: /[A-Z0-9-]+/ };

export const CODE_LINES_FUZZ: readonly FuzzEntry[] = [
  {
    name: "serial-line codes",
    samples: ["R-0001\r\n", "\u0002EMPA--0001-000234\r", "NOREAD\r\n", "4006381333931\n"],
    retainedByteMax: CODE_LINE_LENGTH_MAX,
    open(onMessage) {
      const lines = createTextLines(CODE_LINE_LENGTH_MAX);
      return {
        push(chunk) {
          lines.push(chunk, (line) => {
            decodeCodeLine(line);
            decodeCodeLine(line, RULES);
            onMessage();
          });
        },
        retainedByteCount: () => lines.retainedByteCount,
      };
    },
  },
];
