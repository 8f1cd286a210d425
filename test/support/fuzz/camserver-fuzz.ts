/** What a camserver may be misheard to say. */
import {
  confirmedExposureS,
  confirmedImageCount,
  confirmedPeriodS,
  createReplySplitter,
  decodeReply,
  replyText,
  startedExposureS,
} from "../../../protocols/wire/camserver/camserver-reply.ts";
import type { FuzzEntry } from "./fuzz-codec.ts";

export const CAMSERVER_FUZZ: readonly FuzzEntry[] = [
  {
    name: "camserver replies",
    samples: [
      "15 OK Exposure time set to: 0.9970000 sec\x18",
      "15 OK Exposure period set to: 0.2000000 sec\x18",
      "15 OK N images set to: 10\x18",
      "10 OK /ramdisk/x/\x18",
      "15 OK  Starting 0.1970000 second background: 2011-Aug-04T15:27:22.593\x187 OK /ramdisk/x/f_0300.cbf\x18",
      "13 ERR kill\x18",
      "215 OK Channel 0: Temperature = 31.4C, Rel. Humidity = 22.1%\nChannel 1: Temperature = 30.0C\x18",
      "1 ERR *** Unrecognized command: threshold\x18",
    ],
    open(onMessage) {
      const splitter = createReplySplitter();
      return {
        push(chunk) {
          for (const taken of splitter.push(chunk)) {
            onMessage();
            if (taken.kind === "unreadable") continue;
            const { text } = taken.reply;
            const numbers = [confirmedExposureS, confirmedPeriodS, confirmedImageCount, startedExposureS];
            if (numbers.some((read) => !Number.isFinite(read(text) ?? 0))) throw new RangeError(`no number: ${text}`);
            // As it said it, it is read again as the same reply.
            const again = decodeReply(`${taken.reply.number} ${taken.reply.isOk ? "OK" : "ERR"} ${text}`);
            if (again.kind === "unreadable" || again.reply.text !== text) throw new Error(`not the same: ${text}`);
            if (/[^ -~]/.test(replyText(taken.reply))) throw new Error("not fit for a terminal");
          }
        },
      };
    },
  },
];
