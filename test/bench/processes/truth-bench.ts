/** From the judge's side: the process with the instruments, and controllers that are started on them one after the other. */
import { fork } from "node:child_process";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ControllerClaims, WorldFindings } from "../../../simulator/world/world-truth.ts";
import type { BenchFaultKind } from "../../../tui/bench/fault-order.ts";
import { startBeamrack, type BeamrackProcess } from "../../support/beamrack-process.ts";
import type { FromTwins, ToTwins } from "./truth-plan.ts";

type Told<Kind extends FromTwins["kind"]> = Extract<FromTwins, { readonly kind: Kind }>;

export interface TruthBench {
  readonly ready: Told<"ready">;
  /** Of the site as it is served. */
  readonly sitePath: string;
  /** UTC of an instant of the world. */
  wallMs(worldMs: number): number;
  /** The same, turned. */
  worldMs(wallMs: number): number;
  readonly pid: number;
  readonly isShutterOpen: boolean;
  /** Resolves at the next opening; false where none comes in time. */
  opening(withinMs: number): Promise<boolean>;
  report(): Promise<Told<"report">>;
  /** Begins a fault that ends by itself. Rejects where it cannot be had. */
  fault(kind: BenchFaultKind, instrument: string, forS: number): Promise<void>;
  /** Ends the observation. */
  finish(claims: ControllerClaims): Promise<WorldFindings>;
  /** A controller on it. */
  run(
    data: string,
    more?: { readonly env: Readonly<Record<string, string>>; readonly nodeArgs: readonly string[] },
  ): BeamrackProcess;
  /** Any other command of beamrack's. */
  command(args: readonly string[]): BeamrackProcess;
  close(): Promise<void>;
}

const READY_WITHIN_MS = 120_000;

/** Rejects when the instruments' process ends, or one of them breaks. */
export async function startTruthBench(folder: string, site: string, campaign: string): Promise<TruthBench> {
  // The same file beside this one, compiled or not.
  const path = fileURLToPath(new URL(`truth-twins${extname(import.meta.url)}`, import.meta.url));
  const sitePath = join(folder, "site.yaml");
  const orders = { sitePath: site, campaignPath: campaign, folder: join(folder, "ports"), writeSite: sitePath };
  const child = fork(path, [JSON.stringify(orders)], { serialization: "advanced" });
  const waiting = new Set<{ readonly take: (message: FromTwins) => boolean; readonly fail: (error: Error) => void }>();
  let broken: Error | undefined;
  let isOpen = false;
  let isClosing = false;

  function fail(error: Error): void {
    broken ??= error;
    for (const one of waiting) one.fail(error);
    waiting.clear();
  }

  function next<Kind extends FromTwins["kind"]>(isIt: (message: FromTwins) => message is Told<Kind>) {
    return new Promise<Told<Kind>>((resolve, reject) => {
      if (broken !== undefined) reject(broken);
      const one = {
        take(message: FromTwins): boolean {
          if (!isIt(message)) return false;
          waiting.delete(one);
          resolve(message);
          return true;
        },
        fail: reject,
      };
      waiting.add(one);
    });
  }

  child.on("message", (message: FromTwins) => {
    if (message.kind === "broken") fail(new Error(`an instrument broke: ${message.what}`));
    if (message.kind === "shutter") ({ isOpen } = message);
    for (const one of waiting) one.take(message);
  });
  const ended = new Promise<void>((resolve) => {
    child.on("exit", (code) => {
      if (!isClosing) fail(new Error(`the instruments' process ended with ${String(code)}`));
      resolve();
    });
  });
  const late = setTimeout(() => {
    fail(new Error("the instruments were not there in time"));
  }, READY_WITHIN_MS);
  const ready = await next((message) => message.kind === "ready");
  clearTimeout(late);
  const ask = (order: ToTwins): void => {
    child.send(order);
  };
  const env = { BEAMRACK_STATE: join(folder, "state") };

  return {
    ...{ ready, sitePath, pid: child.pid ?? 0 },
    wallMs: (worldMs) => ready.startWallMs + worldMs,
    worldMs: (wallMs) => wallMs - ready.startWallMs,
    get isShutterOpen() {
      return isOpen;
    },
    async opening(withinMs) {
      let timer: NodeJS.Timeout | undefined;
      const inVain = new Promise<false>((resolve) => {
        timer = setTimeout(() => {
          resolve(false);
        }, withinMs);
      });
      const opened = next((message): message is Told<"shutter"> => message.kind === "shutter" && message.isOpen);
      const came = await Promise.race([opened, inVain]);
      clearTimeout(timer);
      return came !== false;
    },
    report() {
      const told = next((message) => message.kind === "report");
      ask({ kind: "report" });
      return told;
    },
    async fault(kind, instrument, forS) {
      const told = next((message) => message.kind === "answer");
      ask({ kind: "fault", fault: kind, instrument, forS });
      const { answer } = await told;
      if (!answer.ok) throw new Error(answer.what);
    },
    async finish(claims) {
      const told = next((message) => message.kind === "findings");
      ask({ kind: "finish", claims });
      return (await told).findings;
    },
    run(data, more) {
      const args = ["run", campaign, "--site", sitePath, "--data", data, "--headless", "--json"];
      return startBeamrack(args, { ...env, ...more?.env }, more?.nodeArgs);
    },
    command: (args) => startBeamrack(args, env),
    async close() {
      isClosing = true;
      child.disconnect();
      await ended;
    },
  };
}
