/**
 * Ten thousand messages on every topic, of those that nobody should send: none may change anything, none may crash the
 * controller, all are counted.
 *
 *     node --import tsx test/bench/bus-fuzz.ts [--messages 10000] [--seed 1]
 */
import { parseArgs } from "node:util";
import { fuzzBus } from "../support/fuzz-bus-run.ts";

const { values } = parseArgs({
  options: { messages: { type: "string", default: "10000" }, seed: { type: "string", default: "1" } },
});
const outcome = await fuzzBus(Number(values.messages), Number(values.seed));
process.stdout.write(`${JSON.stringify(outcome, null, 2)}\n`);
const { refused, sentAsCommands, obeyed, newEvents, holder, unread } = outcome;
const isGood =
  refused === sentAsCommands &&
  obeyed === 1 &&
  holder === "anna" &&
  unread.length === 0 &&
  Object.keys(newEvents).sort().join(" ") === "command-given control-changed";
if (!isGood) process.exitCode = 1;
