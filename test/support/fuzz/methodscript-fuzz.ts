/** What a MethodSCRIPT instrument may be misheard to say. */
import { decodeVersion } from "../../../protocols/wire/methodscript/device-models.ts";
import { decodeErrorLine, errorText } from "../../../protocols/wire/methodscript/error-codes.ts";
import { createLineSplitter, lineText } from "../../../protocols/wire/methodscript/line-splitter.ts";
import { createPackageFields, decodePackage } from "../../../protocols/wire/methodscript/package-decoder.ts";
import { classifyLine } from "../../../protocols/wire/methodscript/reply-line.ts";
import type { FuzzEntry } from "./fuzz-codec.ts";

export const METHODSCRIPT_FUZZ: readonly FuzzEntry[] = [
  {
    name: "methodscript replies",
    samples: [
      "tes4_hr1100#Jan 28 2022 11:04:43\nR*\n",
      "iES4HR23A0001\n",
      "e\nM000A\nPeb8989680u;ab8387520u;db80493E0n\n*\n\n",
      "Pda7F85F3Fu;ba48D503Dp,10,288\n",
      "PdaDF5CB18n;ba9699F74p,14,218,40\n",
      "Pja8000001i;da7F0BDF9u;ba     nan,10,20F,40\n",
      "PdcDF5DFF4u;cc896D904m,10,287;cd82DB1A8u,10,287\n",
      "C0001\n-\nL\n+\n",
      "Tend voltage\n",
      "l!4001: Line 1, Col 27\n",
      "!0028: Line 4\n",
      "Z!0006\n",
    ],
    open(onMessage) {
      const fields = createPackageFields();
      let before = "";
      return createLineSplitter((bytes, start, end) => {
        const line = lineText(bytes, start, end);
        const kind = classifyLine(line);
        if (kind.kind === "package" && decodePackage(bytes, start, end, fields) === null) {
          for (let at = 0; at < fields.count; at += 1) {
            if (Math.abs(fields.values[at] ?? 0) === Infinity) throw new RangeError(`an infinite value: ${line}`);
          }
        }
        decodeVersion(before + line);
        const failed = decodeErrorLine(line);
        if (failed !== undefined) errorText(failed.error);
        before = line;
        onMessage();
      });
    },
  },
];
