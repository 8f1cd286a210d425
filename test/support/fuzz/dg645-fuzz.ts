/** What a DG645 may be misheard to say. */
import {
  decodeDelay,
  decodeDg645Identity,
  decodeEvents,
  decodeNumber,
  decodeWhole,
  errorText,
} from "../../../protocols/wire/dg645/dg645-replies.ts";
import { createLineSplitter, lineText } from "../../../protocols/wire/methodscript/line-splitter.ts";
import type { FuzzEntry } from "./fuzz-codec.ts";

export const DG645_FUZZ: readonly FuzzEntry[] = [
  {
    name: "dg645 replies",
    samples: [
      "Stanford Research Systems,DG645,s/n001013,ver1.00.10B\r\n",
      "0\r\n",
      "12\r\n",
      "5\r\n",
      "0,+0.001000000000\r\n",
      "1000.000000\r\n",
      "-0.80\r\n",
    ],
    open(onMessage) {
      const splitter = createLineSplitter((bytes, start, end) => {
        const line = lineText(bytes, start, end);
        decodeDg645Identity(line);
        decodeDelay(line);
        decodeEvents(line);
        decodeNumber(line);
        errorText(decodeWhole(line) ?? 0);
        onMessage();
      });
      return splitter;
    },
  },
];
