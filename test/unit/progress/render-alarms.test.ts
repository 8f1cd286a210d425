import { expect, it } from "vitest";
import { openAlarmLines } from "../../../tui/progress/render-alarms.ts";

function alarm(code: string, where: string) {
  return { code, where, what: `something at ${where}`, advice: "Look at it, and do what has to be done about it." };
}

it("says of each kind of open alarm where it is open, and once what to do", () => {
  const lines = openAlarmLines([alarm("dose.limit", "E7"), alarm("beam.lost", "ring"), alarm("dose.limit", "D6")]);
  expect(lines).toEqual([
    "open alarm E7, D6: something at E7 [dose.limit]",
    "  Look at it, and do what has to be done about it.",
    "open alarm ring: something at ring [beam.lost]",
    "  Look at it, and do what has to be done about it.",
  ]);
  expect(openAlarmLines([])).toEqual([]);
});

it("stays within the screen, however many alarms there are", () => {
  const many = Array.from({ length: 96 }, (_, index) => alarm("channel.silent", `channel ${index}`));
  for (const line of openAlarmLines(many)) expect(line.length).toBeLessThanOrEqual(80);
  const kinds = openAlarmLines(many.map((one, index) => ({ ...one, code: `kind.${index}` })));
  expect(kinds).toHaveLength(21);
  expect(kinds.at(-1)).toContain("86 kinds of alarm more");
});

it("lets no control character through", () => {
  expect(openAlarmLines([alarm("x", "a\u001b[2Jb")]).join("")).not.toMatch(/\p{Cc}/u);
});
