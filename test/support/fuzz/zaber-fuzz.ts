/** What a chain of Zaber devices may be misheard to say. */
import { createTextLines } from "../../../protocols/wire/text-lines.ts";
import { decodeZaberLine, ZABER_LINE_LENGTH_MAX } from "../../../protocols/wire/zaber-ascii/zaber-replies.ts";
import type { FuzzEntry } from "./fuzz-codec.ts";

const SAMPLES = [
  "@01 0 OK IDLE -- 0:8D\r\n",
  "@01 1 OK BUSY WR 0:18\r\n",
  "@01 0 07 OK IDLE -- 640000 -320000\r\n",
  "@02 1 12 RJ IDLE FS BADDATA\r\n",
  "@01 0 31 OK IDLE WR 01 WR\r\n",
  "!01 1 IDLE --:AE\r\n",
  "!02 1 IDLE FS\r\n",
  "#01 0 12 cont 1 FO WR\r\n",
  "@01 0 12 OK IDLE FS 12 FS\\\r\n",
];

export const ZABER_FUZZ: readonly FuzzEntry[] = (["optional", "required"] as const).map((checksums) => ({
  name: `zaber-ascii replies, checksums ${checksums}`,
  samples: SAMPLES,
  retainedByteMax: ZABER_LINE_LENGTH_MAX,
  open(onMessage) {
    const lines = createTextLines(ZABER_LINE_LENGTH_MAX);
    return {
      push(chunk) {
        lines.push(chunk, (line) => {
          decodeZaberLine(line, checksums);
          onMessage();
        });
      },
      retainedByteCount: () => lines.retainedByteCount,
    };
  },
}));
