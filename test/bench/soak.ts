/**
 * A full rack's instruments at once, on real links of this computer, in two processes: 96 MethodSCRIPT channels on as
 * many pseudo-terminals at 10 samples a second each, 12 Neware units of 8 channels, the inputs polled ten times a
 * second, a hundred sensor messages a second. First in peace; then one potentiostat hangs, and later one is unplugged.
 * Every sample carries its number, so what the drivers did not hear shows. Prints one line per figure with its bound;
 * ends with exit code 1 when something was lost, or a channel in trouble was not named in time.
 *
 *   npm run -s build && node dist/test/bench/soak.js [--minutes 5] [--fault-seconds 30] [--json]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { sleep } from "../../protocols/base/clock.ts";
import { isFault } from "../../protocols/base/fault.ts";
import { createNodeContext } from "../../tui/rim/node-context.ts";
import { createOutput } from "../../tui/rim/output.ts";
import { createSoakChannels, STEP, type HeardChannel } from "./soak-channels.ts";
import { createNumberLog, spreadOf } from "./soak-log.ts";
import { createSoakNeware, createSoakPoll, createSoakSensors } from "./soak-others.ts";
import { SAMPLE_INTERVAL_S, systemMs } from "./soak-plan.ts";
import { startTwins } from "./soak-process.ts";

const WARM_UP_MS = 3000;
const UP_WITHIN_MS = 60_000;
const OVER_WITHIN_MS = 30_000;
const CONNECT_TRIES = 10;
const CONNECT_PAUSE_MS = 500;
/** Three intervals and the driver's margin without a sample, found by a watch that looks once a second; and the timers. */
const HUNG_NAMED_MS = 3 * SAMPLE_INTERVAL_S * 1000 + 1000 + 1000 + 200;
/** A port that vanished is missed once a second. */
const UNPLUGGED_NAMED_MS = 1500;
/** During trouble the others' p99 may be this many times that of peace. */
const LATENCY_GROWTH_MAX = 2;
const LOOP_RESOLUTION_MS = 10;
const HUNG_INDEX = 41;
const UNPLUGGED_INDEX = 66;

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "5" },
    "fault-seconds": { type: "string", default: "30" },
    json: { type: "boolean" },
  },
});
const quietMs = Number(values.minutes) * 60_000;
const faultMs = Number(values["fault-seconds"]) * 1000;
const context = createNodeContext({
  json: false,
  out: createOutput(process.stdout, process.env),
  err: createOutput(process.stderr, process.env),
});
const { clock } = context;
const folder = mkdtempSync(join(tmpdir(), "beamrack-soak-"));
process.on("exit", () => {
  rmSync(folder, { recursive: true, force: true });
});
process.once("SIGINT", () => process.exit(130));
const twins = await startTwins(folder);
const rack = createSoakChannels(folder, clock);
const neware = createSoakNeware(folder, twins.ready.newarePort, clock);
const poll = createSoakPoll(twins.ready.modbusPort, clock);
const sensors = createSoakSensors(twins.ready.mqttUrl, clock);

async function until(what: string, holds: () => boolean, withinMs: number): Promise<void> {
  const startMs = clock.monoMs();
  while (!holds()) {
    if (clock.monoMs() - startMs > withinMs) throw new Error(`not within ${withinMs} ms: ${what}`);
    await sleep(clock, 10);
  }
}

interface Window {
  readonly fromMs: number;
  readonly toMs: number;
}

/** What this process and the other took of a core meanwhile, and how long the loop was held up. */
async function measured(ms: number) {
  const delay = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  const twinsBeforeMs = await twins.cpuMs();
  const before = process.cpuUsage();
  const loopBefore = performance.eventLoopUtilization();
  const fromMs = systemMs();
  delay.enable();
  await sleep(clock, ms);
  delay.disable();
  const toMs = systemMs();
  const { user, system } = process.cpuUsage(before);
  const loop = performance.eventLoopUtilization(loopBefore);
  const twinsCpuMs = (await twins.cpuMs()) - twinsBeforeMs;
  const delayMs = (part: number): number => Math.max(0, delay.percentile(100 * part) / 1e6 - LOOP_RESOLUTION_MS);
  const window: Window = { fromMs, toMs };
  return {
    window,
    driversCpuPercent: (100 * (user + system)) / 1000 / (toMs - fromMs),
    twinsCpuPercent: (100 * twinsCpuMs) / (toMs - fromMs),
    loopBusyPercent: 100 * loop.utilization,
    loopDelayP50Ms: delayMs(0.5),
    loopDelayP99Ms: delayMs(0.99),
    loopDelayMaxMs: Math.max(0, delay.max / 1e6 - LOOP_RESOLUTION_MS),
  };
}

/** A while of peace, then one channel in trouble for as long; then it is put right and measures again. */
async function troubled(index: number, fault: "hang" | "unplug", one: HeardChannel) {
  const beforeMs = systemMs();
  await sleep(clock, faultMs);
  const fromMs = systemMs();
  const before: Window = { fromMs: beforeMs, toMs: fromMs };
  await twins.order({ kind: "fault", fault, index, on: true });
  await sleep(clock, faultMs);
  const namedMs = one.lostAtMs - fromMs;
  const window: Window = { fromMs, toMs: systemMs() };
  const said = one.faults[0] ?? "nothing";
  await twins.order({ kind: "fault", fault, index, on: false });
  await until(`${one.name} is back`, () => one.isReady, UP_WITHIN_MS);
  await one.channel.start(STEP);
  const heardBefore = one.numbers.length;
  await until(`${one.name} measures again`, () => one.numbers.length > heardBefore + 5, UP_WITHIN_MS);
  return { before, window, namedMs, said };
}

function channelAt(index: number): HeardChannel {
  const found = rack.all[index];
  if (found === undefined) throw new Error(`no channel ${index}`);
  return found;
}

/** As in a run, an instrument that does not answer at once is asked again. */
async function patiently(connect: () => Promise<unknown>): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await connect();
      return;
    } catch (error) {
      if (!isFault(error) || tries === CONNECT_TRIES) throw error;
      await sleep(clock, CONNECT_PAUSE_MS);
    }
  }
}

async function bringUp(): Promise<void> {
  await until("all channels are ready", () => rack.all.every(({ isReady }) => isReady), UP_WITHIN_MS);
  await Promise.all(rack.all.map(({ channel }) => channel.start(STEP)));
  await Promise.all([neware.start(), patiently(poll.connect), patiently(sensors.connect)]);
  poll.begin();
  await sleep(clock, WARM_UP_MS);
}

async function bringDown(): Promise<void> {
  await poll.end();
  await twins.order({ kind: "hush" });
  await Promise.all([...rack.all.map(({ channel }) => channel.abort()), neware.stop()]);
  await until("every step has ended", () => rack.all.every(({ ended }) => ended !== null), OVER_WITHIN_MS);
  await until("every test has ended", () => neware.channels.every(({ isOver }) => isOver), OVER_WITHIN_MS);
}

/** What a channel missed or was told twice, by the numbers in its samples. */
function missedBy({ numbers }: HeardChannel, sent: number) {
  let [gaps, lost, twice, last] = [0, 0, 0, -1];
  for (const number of numbers.values()) {
    if (number === last) twice += 1;
    else if (number !== last + 1) gaps += 1;
    lost += Math.max(0, number - last - 1);
    last = number;
  }
  return { gaps, twice, lost: lost + (sent - 1 - last) };
}

async function soak(): Promise<boolean> {
  const [hungOne, unpluggedOne] = [channelAt(HUNG_INDEX), channelAt(UNPLUGGED_INDEX)];
  const upMs = systemMs();
  await bringUp();
  const roundTripsBefore = poll.roundTripMs.length;
  const upS = (systemMs() - upMs) / 1000;
  const quiet = await measured(quietMs);
  const roundTrip = spreadOf(poll.roundTripMs.values().slice(roundTripsBefore));
  const hung = await troubled(HUNG_INDEX, "hang", hungOne);
  const unplugged = await troubled(UNPLUGGED_INDEX, "unplug", unpluggedOne);
  await bringDown();
  const report = await twins.report();
  const sentOf = (index: number): Float64Array => report.packagesSentMs[index] ?? new Float64Array();
  const sound = rack.all.filter((one) => one !== hungOne && one !== unpluggedOne);

  /** From the instrument's send to the listener's call, of all samples that came in the window. */
  function latency(window: Window, without: HeardChannel | null) {
    const latencies = createNumberLog();
    for (const [index, one] of rack.all.entries()) {
      if (one === without) continue;
      const [arrived, numbers, sent] = [one.arrivedMs.values(), one.numbers.values(), sentOf(index)];
      for (const [at, arrivedMs] of arrived.entries()) {
        if (arrivedMs < window.fromMs || arrivedMs > window.toMs) continue;
        latencies.add(arrivedMs - (sent[numbers[at] ?? 0] ?? Number.NaN));
      }
    }
    return spreadOf(latencies.values());
  }

  /** Of the other 95, in trouble and in as long a time just before. */
  function growth({ before, window }: { readonly before: Window; readonly window: Window }, one: HeardChannel) {
    const [beforeMs, duringMs] = [latency(before, one).p99, latency(window, one).p99];
    return { beforeMs, duringMs, ratioToBound: duringMs / (LATENCY_GROWTH_MAX * beforeMs) };
  }

  const missed = rack.all.map((one, index) => missedBy(one, sentOf(index).length));
  const missedOfSound = missed.filter((_, index) => index !== HUNG_INDEX && index !== UNPLUGGED_INDEX);
  const sum = (list: readonly number[]): number => list.reduce((total, value) => total + value, 0);
  const newareSent = sum(report.newareRows.map(({ count }) => count));
  const newareHeard = sum(neware.channels.map(({ count }) => count));
  const newareUnlike = report.newareRows.filter(
    ({ count, stepTimeSumMs }, index) =>
      neware.channels[index]?.count !== count || neware.channels[index].stepTimeSumMs !== stepTimeSumMs,
  ).length;
  const mqttSent = sum(report.mqttSaid.map((said, index) => said - (sensors.heard[index]?.first ?? 0) + 1));
  const mqttHeard = sum(sensors.heard.map(({ count }) => count));
  const faultsElsewhere = [
    ...sound.flatMap(({ faults }) => faults),
    ...neware.faults,
    ...poll.faults,
    ...sensors.faults,
  ];
  const all = latency(quiet.window, null);
  const besideHung = growth(hung, hungOne);
  const besideUnplugged = growth(unplugged, unpluggedOne);
  const figures = {
    seconds: quietMs / 1000,
    // Of the whole computer: above its number of cores, latencies are those of whoever else is at work.
    load_of_the_computer: loadavg()[0] ?? Number.NaN,
    up_s: upS,
    drivers_cpu_percent: quiet.driversCpuPercent,
    instruments_cpu_percent: quiet.twinsCpuPercent,
    loop_busy_percent: quiet.loopBusyPercent,
    loop_delay_p50_ms: quiet.loopDelayP50Ms,
    loop_delay_p99_ms: quiet.loopDelayP99Ms,
    loop_delay_max_ms: quiet.loopDelayMaxMs,
    samples_a_second: (all.count * 1000) / (quiet.window.toMs - quiet.window.fromMs),
    sample_latency_p50_ms: all.p50,
    sample_latency_p99_ms: all.p99,
    sample_latency_max_ms: all.max,
    samples_sent: sum(report.packagesSentMs.map(({ length }) => length)),
    samples_heard: sum(rack.all.map(({ numbers }) => numbers.length)),
    samples_lost_by_sound_channels: sum(missedOfSound.map(({ lost }) => lost)),
    sequence_gaps_of_sound_channels: sum(missedOfSound.map(({ gaps }) => gaps)),
    samples_heard_twice: sum(missed.map(({ twice }) => twice)),
    neware_rows_sent: newareSent,
    neware_rows_heard: newareHeard,
    neware_channels_unlike: newareUnlike,
    modbus_polls_sent: poll.figures.asked,
    modbus_polls_answered: poll.figures.answered,
    modbus_polls_out_of_sequence: poll.figures.outOfSequence,
    modbus_turns_skipped: poll.figures.skipped,
    modbus_round_trip_p50_ms: roundTrip.p50,
    modbus_round_trip_p99_ms: roundTrip.p99,
    mqtt_messages_sent: mqttSent,
    mqtt_messages_heard: mqttHeard,
    mqtt_messages_out_of_sequence: sum(sensors.heard.map(({ outOfSequence }) => outOfSequence)),
    faults_elsewhere: faultsElsewhere.length,
    hung_named_ms: hung.namedMs,
    hung_named_bound_ms: HUNG_NAMED_MS,
    hung_samples_lost: missed[HUNG_INDEX]?.lost ?? Number.NaN,
    hung_sequence_gaps: missed[HUNG_INDEX]?.gaps ?? Number.NaN,
    hung_others_latency_p99_before_ms: besideHung.beforeMs,
    hung_others_latency_p99_ms: besideHung.duringMs,
    hung_ratio_to_bound: besideHung.ratioToBound,
    unplugged_named_ms: unplugged.namedMs,
    unplugged_named_bound_ms: UNPLUGGED_NAMED_MS,
    unplugged_samples_lost: missed[UNPLUGGED_INDEX]?.lost ?? Number.NaN,
    unplugged_sequence_gaps: missed[UNPLUGGED_INDEX]?.gaps ?? Number.NaN,
    unplugged_others_latency_p99_before_ms: besideUnplugged.beforeMs,
    unplugged_others_latency_p99_ms: besideUnplugged.duringMs,
    unplugged_ratio_to_bound: besideUnplugged.ratioToBound,
  };
  for (const fault of faultsElsewhere.slice(0, 20)) context.printError(fault);
  context.printError(`hung:      ${hung.said}`);
  context.printError(`unplugged: ${unplugged.said}`);
  if (values.json === true) context.print(JSON.stringify(figures));
  else for (const [name, value] of Object.entries(figures)) context.print(`${name.padEnd(40)} ${figureText(value)}`);

  const isNothingLost =
    figures.samples_lost_by_sound_channels === 0 &&
    figures.sequence_gaps_of_sound_channels === 0 &&
    figures.samples_heard_twice === 0 &&
    figures.hung_sequence_gaps <= 1 &&
    figures.unplugged_sequence_gaps <= 1 &&
    newareSent === newareHeard &&
    newareUnlike === 0 &&
    figures.modbus_polls_answered === figures.modbus_polls_sent &&
    figures.modbus_polls_out_of_sequence === 0 &&
    mqttSent === mqttHeard &&
    figures.mqtt_messages_out_of_sequence === 0 &&
    faultsElsewhere.length === 0;
  const areNamed = hung.namedMs <= HUNG_NAMED_MS && unplugged.namedMs <= UNPLUGGED_NAMED_MS;
  return isNothingLost && areNamed;
}

/** Counts in full, measures to five digits. */
function figureText(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toPrecision(5);
}

try {
  const isGood = await soak();
  if (!isGood) process.exitCode = 1;
} finally {
  rack.close();
  sensors.close();
  poll.close();
  for (const { channel } of neware.channels) channel.disconnect();
  await twins.close();
}
