/** What a CATS robot may be misheard to say. */
import { createTextLines } from "../../../protocols/wire/text-lines.ts";
import { catsAlarm } from "../../../protocols/wire/irelec-cats/cats-messages.ts";
import {
  CATS_LINE_LENGTH_MAX,
  decodeCatsBits,
  decodeCatsPosition,
  decodeCatsState,
  isEcho,
} from "../../../protocols/wire/irelec-cats/cats-replies.ts";
import type { FuzzEntry } from "./fuzz-codec.ts";

export const CATS_FUZZ: readonly FuzzEntry[] = [
  {
    name: "irelec-cats answers",
    samples: [
      "state(1,1,0,Double,,,,1,5,,,,0,1,0,50.0,,,1,,,,0,,,)\r",
      "state(1,1,0,Spine,put,3,7,,,,,R-0001,1,0,0,100.0,,,1,,,,0,,,)\r",
      `di(${"10".repeat(49)})\r`,
      `do(${"01".repeat(49)}1)\r`,
      "di2(11100000000000000000000000000)\r",
      "position(350.5,-120,80,0.0,90.0,-45.5)\r",
      "collision detection\r",
      "put\r",
      "\r",
    ],
    retainedByteMax: CATS_LINE_LENGTH_MAX,
    open(onMessage) {
      const lines = createTextLines(CATS_LINE_LENGTH_MAX, { keepsEmpty: true });
      return {
        push(chunk) {
          lines.push(chunk, (line) => {
            decodeCatsState(line);
            decodeCatsBits(line, "di");
            decodeCatsBits(line, "di2");
            decodeCatsBits(line, "do");
            decodeCatsPosition(line);
            catsAlarm(line);
            isEcho(line, "put");
            onMessage();
          });
        },
        retainedByteCount: () => lines.retainedByteCount,
      };
    },
  },
];
