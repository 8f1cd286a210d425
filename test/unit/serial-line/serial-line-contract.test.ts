import { barcodeReaderContract } from "../../contract/barcode-reader.ts";
import { createSerialLineBench } from "./bench.ts";

barcodeReaderContract("serial-line, held by hand", { isIdentified: false }, () => createSerialLineBench({}, {}));

const TRIGGER = { on: "\u0016T\r", off: "\u0016U\r" };

barcodeReaderContract("serial-line, looking on command", { isIdentified: true }, ({ device }) =>
  createSerialLineBench(
    { trigger: { ...TRIGGER, lookMs: 300 }, rules: { noRead: "NOREAD" } },
    { trigger: TRIGGER, noRead: device === "wrong" ? "error: 2" : "NOREAD" },
  ),
);

barcodeReaderContract("serial-line, with a name of its own", { isIdentified: true }, ({ device }) =>
  createSerialLineBench(
    {
      identify: { ask: "REVINF\r", answer: /^Reader 19\d\d / },
      trigger: { ...TRIGGER, lookMs: 300 },
      rules: { prefix: "\u0002", suffix: "\u0003", pattern: /R-\d{4}/ },
    },
    {
      trigger: TRIGGER,
      prefix: "\u0002",
      suffix: "\u0003",
      lineEnd: "\r",
      identity: { asked: "REVINF\r", answer: device === "wrong" ? "Scale 7 rev A" : "Reader 1900 rev B" },
    },
  ),
);
