/**
 * A simulated detector with the SIMPLON interface. It keeps its settings, its series and its files while nobody is
 * connected. Triggers of the external modes never come here; texts of refusals are its own.
 */
import type { HttpAnswer, HttpEnd, HttpRequest } from "../plant/http-end.ts";
import type { FramePlant, WorldClock } from "../plant/plant.ts";
import {
  createSimplonTables,
  EIGER2_500K,
  moveOthers,
  setValue,
  valueJson,
  type SimplonModel,
  type ValueTable,
} from "./simplon-values.ts";

export interface SimplonTwinDeps {
  readonly end: HttpEnd;
  readonly clock: WorldClock;
  readonly frames: FramePlant;
  /** From the end of a series to the answer of its trigger. */
  readonly readOutS: number;
  readonly model?: SimplonModel;
  /** Default 1.8.0. */
  readonly version?: string;
  /** Default `idle`; after power-up it is `na`. */
  readonly startState?: "na" | "idle" | "error";
}

/** What can go wrong with it. All off to begin with. */
export interface SimplonTwinFaults {
  /** Nothing is answered at all. */
  isSilent: boolean;
  /** A triggered series goes on for ever. */
  neverEnds: boolean;
  /** `abort` is acknowledged and does nothing. */
  deafToAbort: boolean;
  /** Triggers are acknowledged and count nothing. */
  countsNothing: boolean;
  /** Data files are not written. */
  writesNoFile: boolean;
  /** Exposure times are set to this many times what was asked. */
  exposureFactor: number;
}

export interface SimplonTwin {
  readonly faults: SimplonTwinFaults;
  readonly state: string;
  readonly files: ReadonlySet<string>;
  /** Triggers that started a series. */
  readonly triggerCount: number;
}

const VALUE_MS = 3;
const ARM_MS = 400;
const DISARM_MS = 60;
const INITIALIZE_MS = 25_000;
const ENERGY_MS = 3000;

interface Series {
  readonly id: number;
  readonly pattern: string;
  triggersLeft: number;
  imageCount: number;
}

interface Acquiring {
  readonly event: number;
  readonly answer: HttpAnswer;
}

export function createSimplonTwin(deps: SimplonTwinDeps): SimplonTwin {
  const { end, clock, frames, readOutS } = deps;
  const model = deps.model ?? EIGER2_500K;
  const version = deps.version ?? "1.8.0";
  const tables = createSimplonTables(model);
  const byModule: Readonly<Record<string, { readonly config: ValueTable; readonly status: ValueTable }>> = {
    detector: { config: tables.detectorConfig, status: tables.detectorStatus },
    filewriter: { config: tables.filewriterConfig, status: tables.filewriterStatus },
    stream: { config: tables.streamConfig, status: tables.streamStatus },
    monitor: { config: tables.monitorConfig, status: tables.monitorStatus },
  };
  const faults: SimplonTwinFaults = {
    isSilent: false,
    neverEnds: false,
    deafToAbort: false,
    countsNothing: false,
    writesNoFile: false,
    exposureFactor: 1,
  };
  const files = new Set<string>();
  let sequenceId = 0;
  let series: Series | undefined;
  let acquiring: Acquiring | undefined;
  let triggerCount = 0;
  setState(deps.startState ?? "idle");
  if (deps.startState === "error") setStatus("error", ["HV supply"]);

  function setState(state: string): void {
    setStatus("state", state);
  }

  function setStatus(name: string, value: string | readonly string[]): void {
    const entry = tables.detectorStatus.get(name);
    if (entry !== undefined) entry.value = value;
  }

  function state(): string {
    return String(tables.detectorStatus.get("state")?.value);
  }

  function config(name: string): number {
    return Number(tables.detectorConfig.get(name)?.value);
  }

  function after(ms: number, fn: () => void): number {
    return clock.at(clock.nowMs() + ms, fn);
  }

  /** The file that holds an image, counted from 0. */
  function fileOf({ pattern }: Series, image: number): string {
    const perFile = Number(tables.filewriterConfig.get("nimages_per_file")?.value);
    return `${pattern}_data_${String(Math.floor(image / perFile) + 1).padStart(6, "0")}.h5`;
  }

  function closeFiles(of: Series, imageCount: number): void {
    if (faults.writesNoFile) return;
    for (let image = 0; image < imageCount; image += 1) files.add(fileOf(of, image));
  }

  function endSeries(): void {
    if (series !== undefined) closeFiles(series, series.imageCount);
    series = undefined;
  }

  function stopAcquiring(answer: string): void {
    if (acquiring === undefined) return;
    clock.cancel(acquiring.event);
    acquiring.answer(200, answer);
    acquiring = undefined;
  }

  const done = (): string => JSON.stringify({ "sequence id": sequenceId });

  const commands: Readonly<Record<string, (body: string, answer: HttpAnswer) => void>> = {
    initialize(_, answer) {
      setState("initialize");
      after(INITIALIZE_MS, () => {
        sequenceId = 0;
        series = undefined;
        setState("idle");
        answer(200, done());
      });
    },
    arm(_, answer) {
      if (state() !== "idle") {
        answer(400, "arm is not possible in this state");
        return;
      }
      setState("configure");
      after(ARM_MS, () => {
        sequenceId += 1;
        const pattern = String(tables.filewriterConfig.get("name_pattern")?.value).replace("$id", String(sequenceId));
        series = { id: sequenceId, pattern, triggersLeft: config("ntrigger"), imageCount: 0 };
        if (tables.filewriterConfig.get("mode")?.value === "enabled") files.add(`${pattern}_master.h5`);
        setState("ready");
        answer(200, done());
      });
    },
    trigger,
    disarm(_, answer) {
      after(DISARM_MS, () => {
        stopAcquiring(done());
        endSeries();
        if (state() !== "na" && state() !== "error") setState("idle");
        answer(200, done());
      });
    },
    cancel(_, answer) {
      stopAcquiring(done());
      if (state() === "acquire") setState("ready");
      answer(200, done());
    },
    abort(_, answer) {
      if (!faults.deafToAbort) {
        stopAcquiring(done());
        if (state() === "acquire" || state() === "ready") setState("idle");
      }
      answer(200, done());
    },
    wait(_, answer) {
      answer(200, "");
    },
    status_update(_, answer) {
      answer(200, "");
    },
    hv_reset(_, answer) {
      answer(200, "");
    },
  };

  function trigger(body: string, answer: HttpAnswer): void {
    const present = series;
    const mode = tables.detectorConfig.get("trigger_mode")?.value;
    if (present === undefined || state() !== "ready" || (mode !== "ints" && mode !== "inte")) {
      answer(400, "trigger is not possible in this state");
      return;
    }
    const askedS = mode === "inte" ? exposureIn(body) : config("count_time");
    if (askedS === undefined) {
      answer(400, "the exposure time is missing");
      return;
    }
    if (faults.countsNothing) return;
    triggerCount += 1;
    present.triggersLeft -= 1;
    setState("acquire");
    const startMs = clock.nowMs();
    const frameMs = Math.max(config("frame_time"), askedS) * 1000;
    const imageCount = config("nimages");
    const event = faults.neverEnds
      ? -1
      : clock.at(startMs + imageCount * frameMs, () => {
          for (let image = 0; image < imageCount; image += 1) {
            const imageMs = startMs + image * frameMs;
            const file = fileOf(present, present.imageCount + image);
            frames.frameTaken(imageMs, imageMs + askedS * 1000, `/data/${file}`);
          }
          present.imageCount += imageCount;
          const perFile = Number(tables.filewriterConfig.get("nimages_per_file")?.value);
          closeFiles(present, present.imageCount - (present.imageCount % perFile));
          acquiring = undefined;
          setState(present.triggersLeft > 0 ? "ready" : "idle");
          after(readOutS * 1000, () => {
            answer(200, done());
          });
        });
    acquiring = { event, answer };
  }

  function put(module: string, table: ValueTable, name: string, body: string, answer: HttpAnswer): void {
    const entry = table.get(name);
    if (entry === undefined) {
      answer(404, unknownPath(name));
      return;
    }
    const asked = valueIn(body);
    const isTime = module === "detector" && name === "count_time" && typeof asked === "number";
    const why = setValue(entry, isTime ? asked * faults.exposureFactor : asked);
    if (why !== undefined) {
      answer(400, why);
      return;
    }
    const changed = module === "detector" ? moveOthers(table, name, model.deadTimeS) : [name];
    after(name === "photon_energy" ? ENERGY_MS : 0, () => {
      answer(200, JSON.stringify(changed));
    });
  }

  function onData(method: string, fileName: string, answer: HttpAnswer): void {
    if (!files.has(fileName)) answer(404, unknownPath(fileName));
    else if (method === "DELETE") {
      files.delete(fileName);
      answer(204, "");
    } else answer(200, "");
  }

  function act(request: HttpRequest, answer: HttpAnswer): void {
    const { method } = request;
    const path = request.path.split("?")[0] ?? "";
    const data = /^\/data\/([^/]+)$/.exec(path);
    if (data !== null) {
      onData(method, decoded(data[1] ?? ""), answer);
      return;
    }
    const [, module = "", rest = ""] = /^\/([a-z]+)\/api\/(.+)$/.exec(path) ?? [];
    const known = byModule[module];
    if (rest === "version" && known !== undefined && method === "GET") {
      answer(200, JSON.stringify({ value: version, value_type: "string" }));
      return;
    }
    const [, kind = "", name = ""] = rest.startsWith(`${version}/`)
      ? (/^(config|status|command)\/(.+)$/.exec(rest.slice(version.length + 1)) ?? [])
      : [];
    if (module === "system" && kind === "command" && name === "restart" && method === "PUT") {
      setState("na");
      series = undefined;
      answer(200, "");
      return;
    }
    const command = module === "detector" && kind === "command" && method === "PUT" ? commands[name] : undefined;
    const table = kind === "config" ? known?.config : kind === "status" ? known?.status : undefined;
    const entry = table?.get(name);
    if (command !== undefined && Object.hasOwn(commands, name)) command(request.body, answer);
    else if (method === "PUT" && kind === "config" && table !== undefined)
      put(module, table, name, request.body, answer);
    else if (method === "GET" && entry !== undefined) answer(200, valueJson(entry));
    else answer(404, unknownPath(path));
  }

  end.onRequest((request, answer) => {
    after(VALUE_MS, () => {
      act(request, (status, body) => {
        if (!faults.isSilent) answer(status, body);
      });
    });
  });

  return {
    faults,
    get state() {
      return state();
    },
    files,
    get triggerCount() {
      return triggerCount;
    },
  };
}

function unknownPath(name: string): string {
  return `error during request: path error: unknown path: "${name.slice(0, 200)}"`;
}

function valueIn(body: string): unknown {
  const json = parsed(body);
  return typeof json === "object" && json !== null && "value" in json ? json.value : undefined;
}

/** The argument of a trigger: bare, or as other values are sent. */
function exposureIn(body: string): number | undefined {
  const json = parsed(body);
  const value = typeof json === "number" ? json : valueIn(body);
  return typeof value === "number" && value > 0 ? value : undefined;
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
