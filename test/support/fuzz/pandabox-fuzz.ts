/** What a PandABox may be misheard to say, on either of its ports. */
import { createLineSplitter, lineText } from "../../../protocols/wire/methodscript/line-splitter.ts";
import { createPandaDataReader, FRAME_BYTES_MAX } from "../../../protocols/wire/pandabox/panda-data.ts";
import {
  decodeCaptureStatus,
  decodeNumber,
  decodePandaIdentity,
  decodePandaLine,
  decodeWhole,
} from "../../../protocols/wire/pandabox/panda-replies.ts";
import { decodeSequenceTable } from "../../../protocols/wire/pandabox/panda-sequence.ts";
import type { FuzzEntry } from "./fuzz-codec.ts";

const HEADER =
  "arm_time: 2021-05-26T10:34:06.133Z\nmissed: 0\nprocess: Scaled\nformat: ASCII\nfields:\n" +
  " COUNTER1.OUT double Triggered scale: 1 offset: 0 units:\n\n";

export const PANDABOX_FUZZ: readonly FuzzEntry[] = [
  {
    name: "pandabox replies",
    samples: [
      "OK\n",
      "OK =PandA SW: 3.0-11-g6422090 FPGA: 3.0.0C4 86e5f0a2 07d202f8 rootfs: PandA 3.1a1\n",
      "OK =SEQ1.OUTA\n",
      "OK =Busy 1 1\n",
      "OK =1250000\n",
      "!67108865\n!0\n!1250000\n!12500000\n.\n",
      "ERR No such block\n",
    ],
    open(onMessage) {
      const words: number[] = [];
      return createLineSplitter((bytes, start, end) => {
        const line = decodePandaLine(lineText(bytes, start, end));
        if (line.kind === "item") words.push(decodeWhole(line.value) ?? NaN);
        if (line.kind === "end" || words.length > 64) decodeSequenceTable(words.splice(0));
        if (line.kind === "value") {
          decodePandaIdentity(line.value);
          decodeCaptureStatus(line.value);
          decodeNumber(line.value);
        }
        onMessage();
      });
    },
  },
  {
    name: "pandabox data",
    samples: [
      `OK\n${HEADER} 1\n 2\nEND 2 Ok\n`,
      `${HEADER} 3.5\nEND 1 Disarmed\n`,
      `${HEADER.replace("ASCII", "Framed")}BIN \x0c\0\0\0abcdEND 1 Ok\n`,
      `${HEADER.replace("ASCII", "Base64")} AQIDBA==\nEND 1 Framing error\n`,
    ],
    retainedByteMax: FRAME_BYTES_MAX,
    open(onMessage) {
      const reader = createPandaDataReader();
      return {
        push(chunk) {
          for (let count = reader.push(chunk).length; count > 0; count -= 1) onMessage();
        },
        retainedByteCount: () => reader.retainedByteCount,
      };
    },
  },
];
