/** What a Keithley source-measure unit may be misheard to say. */
import {
  decodeNumbers,
  decodeOutputState,
  decodeScpiError,
  decodeSmuIdentity,
} from "../../../protocols/wire/keithley-smu/scpi-replies.ts";
import { createLineSplitter, lineText } from "../../../protocols/wire/methodscript/line-splitter.ts";
import type { FuzzEntry } from "./fuzz-codec.ts";

export const KEITHLEY_SMU_FUZZ: readonly FuzzEntry[] = [
  {
    name: "keithley-smu replies",
    samples: [
      "KEITHLEY INSTRUMENTS,MODEL 2450,01419952,1.6.3d\n",
      "SCPI\n",
      '0,"No error;0;0 0"\n',
      '-113,"Undefined header;1;2023/01/01 00:00:00.000"\n',
      "1\n",
      "4.200000E+00,2.951E-04\n",
      "3.1,0,3.2,1.000002,9.9E37,2.0\n",
    ],
    open(onMessage) {
      return createLineSplitter((bytes, start, end) => {
        const line = lineText(bytes, start, end);
        decodeSmuIdentity(line);
        decodeScpiError(line);
        decodeOutputState(line);
        // An overflow is no number; whatever is one, is finite.
        if (decodeNumbers(line)?.some((value) => Math.abs(value) === Infinity) === true)
          throw new RangeError(`an infinite reading: ${line}`);
        onMessage();
      });
    },
  },
];
