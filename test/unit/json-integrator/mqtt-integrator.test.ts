import { describe, expect, it } from "vitest";
import { createMqttIntegrator } from "../../../drivers/json-integrator/mqtt-integrator.ts";
import { createIntegratorClient } from "../../../simulator/json-integrator/integrator-twin.ts";
import { createMqttSource } from "../../../simulator/mqtt-source/mqtt-source.ts";
import { createIntegratorBench, patternOf } from "./integrator-bench.ts";

function bench() {
  const { clock, cable, faultsOf, finish } = createIntegratorBench();
  const questions: string[] = [];
  let isAlive = true;
  let ask: (payload: string) => void = () => undefined;
  const broker = createMqttSource({
    ...{ end: cable.end, clock, topics: [] },
    heard(topic, payload) {
      const text = Buffer.from(payload).toString("utf8");
      questions.push(`${topic} ${text}`);
      if (isAlive) ask(text);
    },
  });
  createIntegratorClient({
    clock,
    topic: "hutch/patterns",
    messages: {
      publish: (topic, payload) => {
        broker.say(topic, payload);
      },
      onMessage: (_, handler) => (ask = handler),
    },
    patternOf,
  });
  const integrator = createMqttIntegrator({
    ...{ name: "integrator", openLink: cable.openLink, clock, timeoutS: 5, topic: "hutch/patterns" },
  });
  const faults = faultsOf(integrator);
  return {
    ...{ clock, cable, broker, integrator, faults, finish, questions },
    setAlive: (value: boolean) => (isAlive = value),
  };
}

describe("a program that integrates frames behind a broker", () => {
  it("is asked below its topic by name, several at once, and each answer finds its question", async () => {
    const { integrator, finish, questions } = bench();
    expect(await finish(integrator.connect())).toMatchObject({ model: "simulated integrator", firmware: "1" });
    const all = Promise.all(["/d/a.cbf", "/d/gone.cbf", "/d/b.cbf"].map((path) => integrator.read(path)));
    expect((await finish(all)).map((read) => read?.counts.length)).toEqual([2500, undefined, 2500]);
    expect(questions).toHaveLength(4);
    expect(questions[0]).toMatch(/^hutch\/patterns\/ask \{"client":"beamrack-[^"]+","ask":"who"\}$/);
    expect(questions[1]).toMatch(
      /^hutch\/patterns\/ask \{"client":"[^"]+","ask":"pattern","id":1,"frame":"\/d\/a.cbf"\}$/,
    );
  });

  it("believes nothing that is another's, retained, no JSON or too long, and is not disturbed by it", async () => {
    const { clock, integrator, broker, finish, faults, questions, setAlive } = bench();
    await finish(integrator.connect());
    setAlive(false);
    const reading = integrator.read("/d/a.cbf");
    const client = String(/"client":"([^"]+)"/.exec(questions[0] ?? "")?.[1]);
    clock.setTimeout(() => {
      const none = { id: 1, none: "wrong" };
      broker.say("hutch/patterns/answer", JSON.stringify({ client: `${client}0`, ...none }));
      broker.say("hutch/patterns/answer", JSON.stringify(none));
      broker.say("hutch/patterns/answer", `{"client":"${client}`);
      broker.say("hutch/patterns/answer", "\u0000");
      broker.say("hutch/patterns/answer", JSON.stringify({ client, ...none, none: "x".repeat(2_100_000) }));
      broker.say("hutch/patterns/answer", JSON.stringify({ client, id: 77, none: "never asked" }));
      setAlive(true);
    }, 10);
    await expect(finish(reading)).rejects.toMatchObject({ code: "link.timeout", where: "integrator" });
    expect(faults).toEqual([]);
    expect((await finish(integrator.read("/d/b.cbf")))?.counts.length).toBe(2500);
    const spoiled = integrator.read("/d/c.cbf");
    setAlive(false);
    broker.say("hutch/patterns/answer", JSON.stringify({ client, id: 3, counts: [-1] }));
    await expect(finish(spoiled)).rejects.toMatchObject({ code: "link.garbled" });
  });

  it("takes no answer for a question that was asked over a link before", async () => {
    const { integrator, broker, cable, finish, faults, questions, setAlive } = bench();
    await finish(integrator.connect());
    const old = String(/"client":"([^"]+)"/.exec(questions[0] ?? "")?.[1]);
    const lost = integrator.read("/d/a.cbf");
    cable.cut("unplugged");
    await expect(finish(lost)).rejects.toMatchObject({ code: "link.closed" });
    expect(faults.map(({ code, where }) => `${code} ${where}`)).toEqual(["link.closed integrator"]);
    await expect(integrator.read("/d/b.cbf")).rejects.toMatchObject({ code: "link.closed" });
    // What is retained on its topic comes at once, and answers nobody either.
    broker.publish("hutch/patterns/answer", JSON.stringify({ client: old, id: 2, none: "old" }));
    await finish(integrator.connect());
    setAlive(false);
    const asked = integrator.read("/d/b.cbf");
    broker.say("hutch/patterns/answer", JSON.stringify({ client: old, id: 2, none: "old" }));
    await expect(finish(asked)).rejects.toMatchObject({ code: "link.timeout" });
  });

  it("that nobody is behind is named when it is connected to", async () => {
    const { integrator, finish, setAlive } = bench();
    setAlive(false);
    await expect(finish(integrator.connect())).rejects.toMatchObject({ code: "link.timeout", where: "integrator" });
  });
});
