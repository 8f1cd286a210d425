/** What a program that integrates frames, and who asks it, may be misheard to say. */
import {
  decodeIntegratorLine,
  decodeIntegratorMessage,
  decodeIntegratorQuestion,
  INTEGRATOR_LINE_LENGTH_MAX,
} from "../../../protocols/wire/json-integrator/integrator-lines.ts";
import { createTextLines } from "../../../protocols/wire/text-lines.ts";
import type { FuzzEntry } from "./fuzz-codec.ts";

const openWith =
  (decode: (line: string) => unknown): FuzzEntry["open"] =>
  (onMessage) => {
    const lines = createTextLines(INTEGRATOR_LINE_LENGTH_MAX);
    return {
      push(chunk) {
        lines.push(chunk, (line) => {
          decode(line);
          onMessage();
        });
      },
      retainedByteCount: () => lines.retainedByteCount,
    };
  };

export const INTEGRATOR_FUZZ: readonly FuzzEntry[] = [
  {
    name: "integrator's lines",
    samples: [
      '{"who":{"program":"saxs-bridge","version":"1.2"}}\n',
      '{"id":7,"wavelength_A":0.2066,"two_theta_deg":[1,2,3,4,5,6,7,8,9,10],"counts":[0,1,2,3,4,5,6,7,8,9]}\n',
      '{"id":7,"none":"no such file"}\n',
    ],
    retainedByteMax: INTEGRATOR_LINE_LENGTH_MAX,
    open: openWith((line) => decodeIntegratorLine(line)),
  },
  {
    name: "questions to an integrator",
    samples: ['{"ask":"who"}\n', '{"ask":"pattern","id":7,"frame":"/frames/scan_0007.cbf"}\n'],
    retainedByteMax: INTEGRATOR_LINE_LENGTH_MAX,
    open: openWith((line) => decodeIntegratorQuestion(line)),
  },
  {
    name: "integrator's messages by a broker",
    samples: [
      '{"client":"rack-1","who":{"program":"saxs-bridge","version":"1.2"}}',
      '{"client":"rack-1","id":7,"wavelength_A":0.2066,"two_theta_deg":[1,2,3],"counts":[0,1,2]}',
      '{"client":"rack-1","id":7,"none":"no such file"}',
      '{"client":"rack-2","id":7,"none":"no such file"}',
    ],
    open: (onMessage) => ({
      push(chunk) {
        const answer = decodeIntegratorMessage(chunk, "rack-1");
        if (answer !== null && !Buffer.from(chunk).includes("rack-1")) throw new Error("another's answer was taken");
        onMessage();
      },
    }),
  },
];
