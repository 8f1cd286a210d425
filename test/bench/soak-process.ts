/** The process with the instruments, from the drivers' side: one order at a time, each answered. */
import { fork } from "node:child_process";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { fromTwinsSchema, type FromTwins, type ToTwins } from "./soak-plan.ts";

type Answer<Kind extends FromTwins["kind"]> = Extract<FromTwins, { readonly kind: Kind }>;

export interface TwinsProcess {
  readonly ready: Answer<"ready">;
  cpuMs(): Promise<number>;
  report(): Promise<Answer<"report">>;
  order(order: Extract<ToTwins, { readonly kind: "fault" | "hush" }>): Promise<void>;
  close(): Promise<void>;
}

/** `folder` is where the serial ports and step files go. Rejects when the process ends or an instrument breaks. */
export async function startTwins(folder: string): Promise<TwinsProcess> {
  // The same file beside this one, compiled or not.
  const path = fileURLToPath(new URL(`soak-twins${extname(import.meta.url)}`, import.meta.url));
  const child = fork(path, [folder], { serialization: "advanced" });
  const waiting: { take(message: FromTwins): void; fail(error: Error): void }[] = [];
  let broken: Error | undefined;
  const ended = new Promise<void>((resolve) => {
    child.on("exit", () => {
      resolve();
    });
  });

  function fail(error: Error): void {
    broken ??= error;
    for (const one of waiting.splice(0)) one.fail(error);
  }

  child.on("message", (message) => {
    const read = fromTwinsSchema.parse(message);
    if (read.kind === "broken") fail(new Error(`an instrument broke: ${read.what}`));
    else waiting.shift()?.take(read);
  });
  child.on("exit", (code) => {
    fail(new Error(`the instruments' process ended with ${String(code)}`));
  });

  function next<Kind extends FromTwins["kind"]>(kind: Kind): Promise<Answer<Kind>> {
    return new Promise((resolve, reject) => {
      if (broken !== undefined) {
        reject(broken);
        return;
      }
      waiting.push({
        take(message) {
          if (isOf(message, kind)) resolve(message);
          else reject(new Error(`${message.kind} came, ${kind} was awaited`));
        },
        fail: reject,
      });
    });
  }

  function ask<Kind extends FromTwins["kind"]>(order: ToTwins, kind: Kind): Promise<Answer<Kind>> {
    const answer = next(kind);
    child.send(order);
    return answer;
  }

  const ready = await next("ready");
  return {
    ready,
    async cpuMs() {
      return (await ask({ kind: "cpu" }, "cpu")).cpuMs;
    },
    report: () => ask({ kind: "report" }, "report"),
    async order(order) {
      await ask(order, "done");
    },
    async close() {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}

function isOf<Kind extends FromTwins["kind"]>(message: FromTwins, kind: Kind): message is Answer<Kind> {
  return message.kind === kind;
}
