import { expect, it } from "vitest";
import { clearFormer } from "../../../controller/access/former-alarms.ts";
import { createAlarms } from "../../../controller/run/alarms.ts";
import type { Campaign } from "../../../protocols/campaign/campaign.ts";

it("alarms of the cell that had the place, and of the cell where it lay before, are over with its proof, and the record says why", () => {
  const cells = [
    { position: "A7", barcode: "LNO-1" },
    { position: "A8", barcode: "LNO-2" },
    { position: "B1", barcode: "LNO-3" },
    { position: "A7.2", barcode: "LNO-3" },
  ] as unknown as Campaign["cells"];
  const recorded: unknown[] = [];
  const alarms = createAlarms(
    { record: (type, data) => recorded.push([type, data["where"], data["because"]]) },
    () => 0,
  );
  const raise = (code: string, where: string): void => {
    alarms.raise({ code, where, what: "", advice: "" });
  };
  for (const where of ["A7", "A8", "B1", "A7.2"]) raise("cell.limit", where);
  raise("link.isolated", "A7");
  recorded.length = 0;
  clearFormer(cells, "A7.2", alarms);
  expect(recorded).toEqual([
    ["alarm-cleared", "A7", "LNO-3 is proven at A7"],
    ["alarm-cleared", "B1", "LNO-3 is proven at A7"],
  ]);
  expect(alarms.open.map(({ code, where }) => `${code} ${where}`)).toEqual([
    "cell.limit A8",
    "cell.limit A7.2",
    "link.isolated A7",
  ]);
});
