/** What a GRBL controller may be misheard to say. */
import { createGrblLineSplitter, decodeGrblLine } from "../../../protocols/wire/grbl/grbl-replies.ts";
import type { FuzzEntry } from "./fuzz-codec.ts";

export const GRBL_FUZZ: readonly FuzzEntry[] = [
  {
    name: "grbl replies",
    samples: [
      "\r\nGrbl 1.1h ['$' for help]\r\n",
      "ok\r\n",
      "error:22\r\n",
      "ALARM:2\r\n",
      "<Idle|MPos:-1.000,-2.500,0.000|FS:0,0|WCO:0.000,0.000,0.000>\r\n",
      "<Hold:1|MPos:-1.500,2.000,0.000|Bf:15,128|FS:500,0|Ov:100,100,100|Pn:XY>\r\n",
      "$110=6000.000\r\n",
      "[VER:1.1h.20190830:]\r\n[OPT:V,15,128]\r\nok\r\n",
      "[MSG:'$H'|'$X' to unlock]\r\n",
      "[GC:G0 G54 G17 G21 G90 G94 M5 M9 T0 F0 S0]\r\n",
    ],
    open(onMessage) {
      const splitter = createGrblLineSplitter();
      return {
        push(chunk) {
          splitter.push(chunk, (line) => {
            decodeGrblLine(line);
            onMessage();
          });
        },
      };
    },
  },
];
