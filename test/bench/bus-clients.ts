/**
 * What clients of the bus cost the controller: formation-day, paced, with none and then with twenty screens that hear
 * everything. Prints the delay of the controller's event loop (by its heartbeats), its processor share, and what a client
 * hears a second; then kills the broker, and prints how long it takes until all see everything again. Needs dist/ (npm run build).
 *
 *     node --import tsx test/bench/bus-clients.ts [--clients 20] [--pace 600] [--seconds 30]
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { readMessage } from "../../protocols/bus/messages.ts";
import { parseTopic } from "../../protocols/bus/topics.ts";
import { createBusClient } from "../../tui/bus/bus-client.ts";
import { createRealClock } from "../../tui/rim/real-clock.ts";
import { said, startBeamrack } from "../support/beamrack-process.ts";
import { until } from "../support/real-link.ts";

const { values } = parseArgs({
  options: {
    clients: { type: "string", default: "20" },
    pace: { type: "string", default: "600" },
    seconds: { type: "string", default: "30" },
  },
});
const clock = createRealClock();
const folder = mkdtempSync(join(tmpdir(), "beamrack-bus-bench-"));
const data = join(folder, "data");
const world = startBeamrack([
  ...["simulate", "protocols/campaigns/formation-day.yaml", "--paced", values.pace],
  ...["--broker-port", "0", "--data", data, "--json"],
]);

/** Like a screen, it takes messages as they come and reads what it draws; twenty of them share this one process. */
function client(url: string, index: number) {
  const heard = { messages: 0, wholeMs: Number.NaN, delaysMs: [] as number[], lossCount: 0 };
  let sinceMs = clock.monoMs();
  const cells = new Set<string>();
  const made = createBusClient({
    place: { url, user: `screen${String(index)}`, password: null, certificateAuthority: null },
    ...{ clock, pid: process.pid + index },
    raw(topicText, payload) {
      heard.messages += 1;
      const topic = parseTopic(topicText)?.topic;
      if (topic?.kind === "cell") cells.add(topic.of);
      if (cells.size === 96 && Number.isNaN(heard.wholeMs)) heard.wholeMs = clock.monoMs() - sinceMs;
      if (topic?.kind !== "heartbeat") return;
      const read = readMessage(topicText, payload);
      if (read.kind === "read" && read.message.kind === "heartbeat") {
        heard.delaysMs.push(read.message.value.loop_delay_ms ?? 0);
      }
    },
    link({ kind }) {
      if (kind !== "lost" || Number.isNaN(heard.wholeMs)) return;
      heard.lossCount += 1;
      heard.wholeMs = Number.NaN;
      cells.clear();
      sinceMs = clock.monoMs();
    },
  });
  return { ...made, heard };
}

/** Of the process that writes the folder. */
function controllerOf(): { readonly pid: number; readonly processorS: number } {
  const lines = execFileSync("ps", ["-eo", "pid,cputimes,args"], { encoding: "utf8" }).split("\n");
  const own = lines.find((line) => line.includes(data) && !line.includes("ps -eo"));
  const [pid, processorS] = own?.trim().split(/\s+/) ?? [];
  return { pid: Number(pid), processorS: Number(processorS) };
}

const processorS = (): number => controllerOf().processorS;

/** The process that the controller keeps for it. */
function brokerOf(): number {
  const pid = String(controllerOf().pid);
  const lines = execFileSync("ps", ["-eo", "pid,ppid"], { encoding: "utf8" }).split("\n");
  return Number(lines.map((line) => line.trim().split(/\s+/)).find(([, parent]) => parent === pid)?.[0]);
}

/** Processor seconds of a process, as Linux counts them. */
function ticksS(pid: number): number {
  const fields =
    readFileSync(`/proc/${String(pid)}/stat`, "utf8")
      .split(") ")
      .at(-1)
      ?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function measured(name: string, heard: { messages: number; delaysMs: number[] }): Promise<void> {
  const [fromS, fromMs] = [processorS(), clock.monoMs()];
  heard.messages = 0;
  heard.delaysMs.length = 0;
  await new Promise((resolve) => setTimeout(resolve, Number(values.seconds) * 1000));
  const seconds = (clock.monoMs() - fromMs) / 1000;
  const delays = [...heard.delaysMs].sort((a, b) => a - b);
  const share = (100 * (processorS() - fromS)) / seconds;
  process.stdout.write(
    `${name.padEnd(24)} loop delay, worst of each second: median ${String(delays[Math.floor(delays.length / 2)])} ms, ` +
      `p99 ${String(delays.at(Math.ceil(0.99 * delays.length) - 1))} ms; processor ${share.toFixed(0)} %; ` +
      `${(heard.messages / seconds).toFixed(0)} messages/s\n`,
  );
}

try {
  await said(world, "bus: mqtt://", 30_000);
  const url = /mqtt:\/\/[\d.]+:\d+/.exec(world.err())?.[0] ?? "";
  const first = client(url, 0);
  await until("a running campaign", () => !Number.isNaN(first.heard.wholeMs), 60_000);
  await measured("one client", first.heard);
  const broker = brokerOf();
  const [brokerS, ownS] = [ticksS(broker), ticksS(process.pid)];
  const others = Array.from({ length: Number(values.clients) }, (_, index) => client(url, index + 1));
  await until("all of them whole", () => others.every(({ heard }) => !Number.isNaN(heard.wholeMs)), 60_000);
  const slowestMs = Math.max(...others.map(({ heard }) => heard.wholeMs));
  process.stdout.write(
    `${values.clients} clients at once are whole after ${slowestMs.toFixed(0)} ms at the latest; processor: ` +
      `${(ticksS(broker) - brokerS).toFixed(2)} s in the broker, ${(ticksS(process.pid) - ownS).toFixed(2)} s in the clients\n`,
  );
  await measured(`with ${values.clients} more`, first.heard);
  const all = [first, ...others];
  process.kill(broker, "SIGKILL");
  await until(
    "all of them whole again",
    () => all.every(({ heard }) => heard.lossCount > 0 && !Number.isNaN(heard.wholeMs)),
    60_000,
  );
  const backMs = Math.max(...all.map(({ heard }) => heard.wholeMs));
  process.stdout.write(`the broker was killed: all are whole again after ${backMs.toFixed(0)} ms at the latest\n`);
  await Promise.all(all.map((one) => one.close()));
} finally {
  world.signal("SIGKILL");
  await world.ended;
  rmSync(folder, { recursive: true, force: true });
}
