/**
 * A simulated program that integrates frames, at the other end of the cable: it knows the frames of the simulated
 * detector by their paths and gives their patterns, some time after it was asked.
 */
import type { DeviceEnd, WorldClock } from "../plant/plant.ts";

export interface KnownPattern {
  readonly twoThetaDeg: ArrayLike<number>;
  readonly counts: ArrayLike<number>;
  readonly wavelengthA: number;
  readonly saturatedPixels?: number;
  readonly image?: {
    readonly bytes: number;
    readonly sha256: string;
    readonly imageIndex: number;
    readonly geometry: { readonly file: string; readonly sha256: string } | null;
    readonly corrections: string | null;
  };
}

export interface IntegratorProgramDeps {
  readonly clock: WorldClock;
  /** Undefined where no such frame was written. */
  readonly patternOf: (framePath: string) => KnownPattern | undefined;
  /** Reading and integrating one image. Default 150 ms. */
  readonly takesMs?: number;
  /** How long a frame that is not there yet is waited for. Default not at all. */
  readonly waitsMs?: number;
}

/** Behind a TCP port. */
export interface IntegratorTwinDeps extends IntegratorProgramDeps {
  readonly end: DeviceEnd;
}

/** A broker's client. */
export interface MessageEnd {
  publish(topic: string, payload: string): void;
  onMessage(topic: string, handler: (payload: string) => void): void;
}

export interface IntegratorClientDeps extends IntegratorProgramDeps {
  readonly messages: MessageEnd;
  readonly topic: string;
}

type Say = (document: object) => void;

const LINE_LENGTH_MAX = 10_000;
const DECIMALS = 5;

export function createIntegratorTwin({ end, ...deps }: IntegratorTwinDeps): void {
  const answer = createProgram(deps);
  let received = "";
  end.onOpen(() => {
    received = "";
  });
  end.onData((chunk) => {
    received = (received + Buffer.from(chunk).toString("latin1")).slice(-LINE_LENGTH_MAX);
    for (let at = received.indexOf("\n"); at >= 0; at = received.indexOf("\n")) {
      const line = received.slice(0, at);
      received = received.slice(at + 1);
      if (line === "") continue;
      answer(line, (document) => {
        end.send(Buffer.from(`${JSON.stringify(document)}\n`, "latin1"));
      });
    }
  });
}

/** Whose question it is stands in it, and in the answer. */
export function createIntegratorClient({ messages, topic, ...deps }: IntegratorClientDeps): void {
  const answer = createProgram(deps);
  messages.onMessage(`${topic}/ask`, (payload) => {
    const client = recordOf(payload)?.["client"];
    if (payload.length > LINE_LENGTH_MAX || typeof client !== "string") return;
    answer(payload, (document) => {
      messages.publish(`${topic}/answer`, JSON.stringify({ client, ...document }));
    });
  });
}

function createProgram({ clock, patternOf, takesMs = 150, waitsMs = 0 }: IntegratorProgramDeps) {
  function answerPattern(id: number, frame: string, untilMs: number, say: Say): void {
    clock.at(clock.nowMs() + takesMs, () => {
      const pattern = patternOf(frame);
      if (pattern === undefined && clock.nowMs() < untilMs) {
        answerPattern(id, frame, untilMs, say);
        return;
      }
      if (pattern === undefined) {
        say({ id, none: `there is no ${frame}` });
        return;
      }
      say({
        id,
        wavelength_A: pattern.wavelengthA,
        two_theta_deg: Array.from(pattern.twoThetaDeg, (angle) => Number(angle.toFixed(DECIMALS))),
        counts: Array.from(pattern.counts),
        ...(pattern.saturatedPixels === undefined ? {} : { saturated: pattern.saturatedPixels }),
        ...evidence(pattern.image),
      });
    });
  }

  return (question: string, say: Say): void => {
    const asked = recordOf(question);
    if (asked === undefined) {
      say({ error: "not JSON" });
      return;
    }
    const { ask, id, frame } = asked;
    if (ask === "who") say({ who: { program: "simulated integrator", version: "1" } });
    if (ask !== "pattern" || typeof id !== "number" || typeof frame !== "string") return;
    answerPattern(id, frame, clock.nowMs() + waitsMs, say);
  };
}

function recordOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}

function evidence(image: KnownPattern["image"]): object {
  if (image === undefined) return {};
  const { bytes, sha256, imageIndex, geometry, corrections } = image;
  return {
    image: { bytes, sha256, index: imageIndex },
    ...(geometry === null ? {} : { geometry }),
    ...(corrections === null ? {} : { corrections }),
  };
}
