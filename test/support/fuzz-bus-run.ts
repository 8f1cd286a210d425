/** Throws fuzzed messages at the controller of a running campaign, and says what came of it. */
import { envelope } from "./bus-orders.ts";
import { fuzzedMessages, fuzzedTopics } from "./fuzzed-bus.ts";
import { BENCH_RACK, createBusBench } from "./bus-bench.ts";
import { campaign, runWorld, site } from "./world-campaign.ts";

export interface BusFuzz {
  readonly sent: number;
  /** To topics on which commands of this rack are taken. */
  readonly sentAsCommands: number;
  /** Counted by the controller as no commands, or as refused. */
  readonly refused: number;
  readonly obeyed: number;
  /** Types of events after the first message that a run without it does not have. */
  readonly newEvents: Readonly<Record<string, number>>;
  readonly holder: string | null;
  readonly unread: readonly string[];
}

const HOURS = 0.1;
const AT_S = 200;
const LOGGED = ["command-refused"];

export async function fuzzBus(perTopic: number, seed: number): Promise<BusFuzz> {
  const bench = createBusBench(campaign, site);
  let [sent, sentAsCommands] = [0, 0];
  const run = await runWorld({
    hours: HOURS,
    hearing: (store) => bench.bus.hearing(store),
    at: [
      [0.001, bench.show],
      [AT_S - 1, () => void bench.order("anna", { command: "take-control", args: {} })],
      [
        AT_S,
        () => {
          for (const topic of fuzzedTopics(BENCH_RACK)) {
            const isCommand = new RegExp(`^beamrack/${BENCH_RACK}/command/[^/]+$`).test(topic);
            for (const message of fuzzedMessages(topic, perTopic, seed, bench.dayMs())) {
              bench.take(message.topic, message.payload);
              sent += 1;
              if (isCommand) sentAsCommands += 1;
              if (sent % 20 === 0) bench.advance(10);
            }
          }
          bench.advance(1000);
          // Sound, and hers who is in control, but not said just now.
          const remembered = Buffer.from(JSON.stringify(envelope("anna", "hold", {}, bench.dayMs())));
          bench.take(`beamrack/${BENCH_RACK}/command/anna`, remembered, true);
          sentAsCommands += 1;
        },
      ],
    ],
  });
  const quiet = await runWorld({ hours: HOURS });
  const newEvents: Record<string, number> = {};
  for (const { type } of run.events) newEvents[type] = (newEvents[type] ?? 0) + 1;
  for (const { type } of quiet.events) newEvents[type] = (newEvents[type] ?? 0) - 1;
  const { refused, obeyed } = bench.bus.counters;
  return {
    ...{ sent, sentAsCommands, refused, obeyed },
    newEvents: Object.fromEntries(
      Object.entries(newEvents).filter(([type, count]) => count !== 0 && !LOGGED.includes(type)),
    ),
    holder: bench.last("control")?.holder?.author ?? null,
    unread: bench.unread,
  };
}
