/** What a Keithley 6485 may be misheard to say. */
import {
  decodeFlag,
  decodeNumber,
  decodePicoammeterError,
  decodePicoammeterIdentity,
  decodeReading,
} from "../../../protocols/wire/keithley-6485/picoammeter-replies.ts";
import { createLineSplitter, lineText } from "../../../protocols/wire/methodscript/line-splitter.ts";
import type { FuzzEntry } from "./fuzz-codec.ts";

export const PICOAMMETER_FUZZ: readonly FuzzEntry[] = [
  {
    name: "keithley-6485 replies",
    samples: [
      "KEITHLEY INSTRUMENTS INC.,MODEL 6485,1234567,B03   Sep 29 2010\n",
      "+1.234560E-09A,+2.345E+01,+0.000E+00\n",
      "+9.900000E+37A,+2.345E+01,+1.000E+00\n",
      '-113,"Undefined header"\n',
      '0,"No error"\n',
      "1\n",
    ],
    open(onMessage) {
      return createLineSplitter((bytes, start, end) => {
        const line = lineText(bytes, start, end);
        decodePicoammeterIdentity(line);
        decodePicoammeterError(line);
        decodeFlag(line);
        decodeNumber(line);
        const currentA = decodeReading(line)?.currentA ?? 0;
        if (!Number.isFinite(currentA)) throw new RangeError(`a reading of ${currentA} A`);
        onMessage();
      });
    },
  },
];
