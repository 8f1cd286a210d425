/**
 * What the screens cost: bytes a frame, key to paint, share of a core with 96 cells that speak ten times a second, memory
 * over many frames. The components and the sink are those that people see; the terminal is in memory.
 *
 *     node --expose-gc --import tsx test/bench/screen.ts [--seconds N] [--frames N] [--columns N] [--rows N] [--json]
 */
import { parseArgs } from "node:util";
import { createRackStore } from "../../tui/terminal/model/rack-store.ts";
import { createTerminalSession } from "../../tui/terminal/terminal-session.ts";
import { createRealClock } from "../../tui/rim/real-clock.ts";
import { createFakeTerminal } from "../support/fake-terminal.ts";
import * as rack from "../support/terminal-rack.ts";

// React's development build keeps a record of every frame: it has to be told before it loads.
process.env["NODE_ENV"] = "production";
const { showTerminal } = await import("../../tui/terminal/show-terminal.tsx");

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "20" },
    frames: { type: "string", default: "20000" },
    columns: { type: "string", default: "80" },
    rows: { type: "string", default: "24" },
    json: { type: "boolean", default: false },
  },
});
const seconds = Number(values.seconds);
const frames = Number(values.frames);
const size = { columns: Number(values.columns), rows: Number(values.rows) };

const PERIOD_MS = 100;
const KEY_EVERY_MS = 170;

const clock = createRealClock();
/** When the screen was first written to since a key was pressed, Infinity before it is: a list of all would grow by itself. */
const firstWrite = { atMs: Infinity };
const terminal = createFakeTerminal({
  ...size,
  isForgetful: true,
  onWrite() {
    if (firstWrite.atMs === Infinity) firstWrite.atMs = clock.monoMs();
  },
});
const store = createRackStore(clock.wallMs());
store.session({ kind: "open", sinceMs: clock.wallMs() });

function hear(messages: readonly rack.Said[]): void {
  for (const { topic, payload } of messages) store.hear(topic, payload, false, clock.wallMs());
}

/** Every cell says something new: voltages move, states of charge too. */
function everyCell(turn: number): readonly rack.Said[] {
  return Array.from({ length: 96 }, (_, index) =>
    rack.cell(index, { voltage_V: 3.5 + 0.4 * Math.sin(turn / 30 + index), soc: (turn / 900 + index / 96) % 1 }),
  );
}

// Made before the clock runs: what a controller does is not the screen's cost.
const TURNS = 64;
const prepared = Array.from({ length: TURNS }, (_, turn) => everyCell(turn));
hear(rack.runningRack());
const session = createTerminalSession({
  ...{ clock, store, look: terminal.device, size, author: "ada", first: { measure: "charge" as const } },
  send: () => Promise.resolve({ kind: "not-sent", why: "a bench" }),
  quit: () => undefined,
});
const shown = showTerminal(terminal.device, session);
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
await pause(500);

const before = shown.stats();
const cpuBefore = process.cpuUsage();
const startedMs = clock.monoMs();
const keyToPaintMs: number[] = [];
/** The same by the processor's time, which says it also where the machine has much else to do. */
const keyCpuMs: number[] = [];
const KEYS = ["\u001b[C", "\u001b[B", "\u001b[D", "\u001b[A"];
let nextSayMs = startedMs;
let nextKeyMs = startedMs + KEY_EVERY_MS;
let turn = 0;
while (clock.monoMs() - startedMs < seconds * 1000) {
  const nowMs = clock.monoMs();
  if (nowMs >= nextSayMs) {
    hear([...(prepared[turn % TURNS] ?? []), rack.heartbeat({ beat: turn })]);
    turn += 1;
    nextSayMs += PERIOD_MS;
  }
  if (nowMs >= nextKeyMs) {
    const pressedMs = clock.monoMs();
    const pressedCpu = process.cpuUsage();
    firstWrite.atMs = Infinity;
    terminal.type(KEYS[keyToPaintMs.length % KEYS.length] ?? "\u001b[C");
    while (firstWrite.atMs === Infinity && clock.monoMs() - pressedMs < 1000)
      await new Promise((resolve) => setImmediate(resolve));
    const keyCpu = process.cpuUsage(pressedCpu);
    keyCpuMs.push((keyCpu.user + keyCpu.system) / 1000);
    keyToPaintMs.push(firstWrite.atMs - pressedMs);
    nextKeyMs += KEY_EVERY_MS;
  }
  await pause(Math.max(0, Math.min(nextSayMs, nextKeyMs) - clock.monoMs()));
}
const elapsedMs = clock.monoMs() - startedMs;
const cpu = process.cpuUsage(cpuBefore);
const after = shown.stats();
const spread = (values: readonly number[]) => {
  const sorted = [...values].sort((left, right) => left - right);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) };
};

/** Bytes in use after everything that can be thrown away has been; needs --expose-gc to be exact. */
function heapBytes(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

const beats = Array.from({ length: TURNS }, (_, beat) => rack.heartbeat({ beat }));
const SCREEN_EVERY = 500;
/** As fast as it goes, all screens in turn, until so many were painted in all. */
async function drawFrames(until: number): Promise<void> {
  for (let frame = shown.stats().frameCount; shown.stats().frameCount < until; frame += 1) {
    const beat = beats[frame % TURNS];
    hear([...(prepared[frame % TURNS] ?? []).slice(0, 3), ...(beat === undefined ? [] : [beat])]);
    const screen = String(1 + (Math.floor(frame / SCREEN_EVERY) % 8));
    const names = frame % SCREEN_EVERY === 0 ? [screen] : [frame % 2 === 0 ? "right" : "left"];
    session.heard({ kind: "keys", names });
    await new Promise((resolve) => setImmediate(resolve));
  }
}
// A first tenth warms everything up.
const paintedBefore = shown.stats().frameCount;
const heapAt: number[] = [];
for (const share of [0.1, 0.5, 1]) {
  await drawFrames(paintedBefore + Math.ceil(share * frames));
  const heap = heapBytes();
  heapAt.push(heap);
  process.stderr.write(`${Math.round(share * frames)} frames: ${(heap / 1024 / 1024).toFixed(2)} MB\n`);
}
const [heapWarm = NaN, heapHalf = NaN, heapEnd = NaN] = heapAt;
const MEGABYTE = 1024 * 1024;

const result = {
  ...size,
  seconds: elapsedMs / 1000,
  frames_per_s: ((after.frameCount - before.frameCount) * 1000) / elapsedMs,
  bytes_per_frame: (after.byteCount - before.byteCount) / (after.frameCount - before.frameCount),
  clears: after.clearCount - before.clearCount,
  key_to_paint_ms: spread(keyToPaintMs),
  key_cpu_ms: spread(keyCpuMs),
  cpu_share: (cpu.user + cpu.system) / 1000 / elapsedMs,
  memory: {
    frames: shown.stats().frameCount - paintedBefore,
    heap_MB: { at_10: heapWarm / MEGABYTE, at_50: heapHalf / MEGABYTE, at_100: heapEnd / MEGABYTE },
    is_exact: globalThis.gc !== undefined,
  },
};
session.close();
shown.close();
if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
else {
  const { key_to_paint_ms: keys, key_cpu_ms: keyCpu, memory } = result;
  const lines = [
    `${size.columns}x${size.rows}, 96 cells at 10 Hz, ${result.seconds.toFixed(1)} s`,
    `frames    ${result.frames_per_s.toFixed(1)} a second, ${result.bytes_per_frame.toFixed(0)} bytes each, ${result.clears} clears`,
    `key       to paint p50 ${keys.p50.toFixed(1)} ms, p99 ${keys.p99.toFixed(1)} ms, worst ${keys.max.toFixed(1)} ms of ${keys.count}`,
    `          of the processor p50 ${keyCpu.p50.toFixed(1)} ms, p99 ${keyCpu.p99.toFixed(1)} ms`,
    `cpu       ${(result.cpu_share * 100).toFixed(1)} % of a core`,
    `memory    ${memory.heap_MB.at_10.toFixed(2)} MB after a tenth of ${memory.frames} frames, ${memory.heap_MB.at_50.toFixed(2)} after half, ${memory.heap_MB.at_100.toFixed(2)} after all${memory.is_exact ? "" : " (run with --expose-gc to be exact)"}`,
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}
process.exit(0);
