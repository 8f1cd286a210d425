/** What a Lake Shore controller may be misheard to say. */
import {
  decodeCelsius,
  decodeLakeshoreIdentity,
  decodeReadingStatus,
  whyUnbelievable,
} from "../../../protocols/wire/lakeshore/lakeshore-lines.ts";
import { createLineSplitter, lineText } from "../../../protocols/wire/methodscript/line-splitter.ts";
import type { FuzzEntry } from "./fuzz-codec.ts";

export const LAKESHORE_FUZZ: readonly FuzzEntry[] = [
  {
    name: "lakeshore replies",
    samples: ["LSCI,MODEL336,LSA1234/#######,2.9\r\n", "+23.450\r\n", "-196.00\r\n", "000\r\n", "129\r\n"],
    open(onMessage) {
      return createLineSplitter((bytes, start, end) => {
        const line = lineText(bytes, start, end);
        decodeLakeshoreIdentity(line);
        const valueC = decodeCelsius(line);
        const status = decodeReadingStatus(line);
        if (valueC !== undefined && status !== undefined) throw new Error(`a temperature and a status: ${line}`);
        whyUnbelievable(status ?? 0);
        onMessage();
      });
    },
  },
];
