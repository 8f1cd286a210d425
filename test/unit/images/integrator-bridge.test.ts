import { connect } from "node:net";
import { expect, it } from "vitest";
import { decodeIntegratorLine } from "../../../protocols/wire/json-integrator/integrator-lines.ts";
import { createIntegratorBridge } from "../../../tui/images/integrator-bridge.ts";
import { createMessageDesk } from "../../../tui/images/integrator-server.ts";
import { createRealClock } from "../../../tui/rim/real-clock.ts";

const PATTERN = {
  ...{ wavelengthA: 0.2, twoThetaDeg: Float64Array.from({ length: 12 }, (_, at) => 1 + at) },
  counts: new Float64Array(12).fill(7),
};

/** What a controller hears that asks over TCP, with a program behind messages. */
async function heard(questions: readonly string[], answers: number, isThere = true): Promise<readonly string[]> {
  const asked: string[] = [];
  const bridge = createIntegratorBridge({
    ...{ place: { host: "127.0.0.1", port: 0 }, client: "here" },
    publish(payload) {
      asked.push(payload);
      if (isThere) desk(Buffer.from(payload));
      return isThere;
    },
  });
  const desk = createMessageDesk(
    {
      ...{ clock: createRealClock(), folder: undefined, version: "1", onAnswered: () => undefined },
      read: (path) =>
        path.includes("none")
          ? { kind: "refused", reason: "no such file" }
          : { kind: "pattern", pattern: PATTERN, image: undefined as never },
    },
    (payload) => {
      // Others hear it too, and what is another's is left alone.
      bridge.heard(Buffer.from(payload.replace('"here"', '"elsewhere"')));
      bridge.heard(Buffer.from("no JSON"));
      bridge.heard(Buffer.from(payload));
      bridge.heard(Buffer.from(payload));
    },
  );
  await bridge.open();
  try {
    const socket = connect(Number(bridge.where.split(":")[1]), "127.0.0.1");
    socket.write(questions.join(""));
    let text = "";
    for await (const chunk of socket) {
      text += String(chunk);
      if (text.split("\n").length > answers) break;
    }
    return text.split("\n").slice(0, answers);
  } finally {
    await bridge.shut();
  }
}

it("a program that is asked by messages answers a controller that asks in lines, each question once", async () => {
  const [who, found, none] = (
    await heard(
      [
        '{"ask":"who"}\n',
        '{"ask":"pattern","id":40,"frame":"/d/A1.cbf"}\n',
        '{"ask":"pattern","id":41,"frame":"/d/none"}\n',
      ],
      3,
    )
  ).map(decodeIntegratorLine);
  expect(who).toEqual({ kind: "who", program: "beamrack integrate", version: "1" });
  expect(found).toMatchObject({ kind: "pattern", id: 40, pattern: { wavelengthA: 0.2 } });
  expect(none).toEqual({ kind: "none", id: 41, reason: "no such file" });
});

it("where no broker is there the controller is told so at once", async () => {
  const [line] = await heard(['{"ask":"pattern","id":3,"frame":"/d/A1.cbf"}\n'], 1, false);
  expect(decodeIntegratorLine(line ?? "")).toEqual({
    ...{ kind: "none", id: 3 },
    reason: "no broker is there that could carry the question",
  });
});
