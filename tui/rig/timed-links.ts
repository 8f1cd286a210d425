/**
 * How long each instrument takes to answer, measured where bytes go out and come in: from what is written to the first
 * byte that comes after it. An instrument that speaks unasked makes that a little less than it is. Nothing else of the
 * links is changed.
 */
import type { Clock } from "../../protocols/base/clock.ts";
import type { HttpPort } from "../../protocols/roles/http.ts";
import type { Link, OpenLink } from "../../protocols/roles/link.ts";
import type { DriverDeps } from "./drivers.ts";

export interface TimedLinks {
  /** The same links, watched. */
  readonly links: DriverDeps;
  /** Of late, milliseconds; null before the first answer. */
  readonly answerMs: (cable: string) => number | null;
}

/** Of the latest answer in the mean. */
const WEIGHT = 0.2;

interface Answers {
  askedAtMs: number | null;
  meanMs: number | null;
}

export function timeLinks(bare: DriverDeps): TimedLinks {
  const { clock } = bare;
  const cables = new Map<string, Answers>();
  const answersOf = (cable: string): Answers => {
    const known = cables.get(cable);
    if (known !== undefined) return known;
    const made = { askedAtMs: null, meanMs: null };
    cables.set(cable, made);
    return made;
  };
  return {
    links: {
      ...bare,
      openLinkOf: (cable, address) => timed(bare.openLinkOf(cable, address), clock, answersOf(cable)),
      httpPortOf: (cable, address) => timedHttp(bare.httpPortOf(cable, address), clock, answersOf(cable)),
    },
    answerMs: (cable) => cables.get(cable)?.meanMs ?? null,
  };
}

function answered(answers: Answers, clock: Clock): void {
  if (answers.askedAtMs === null) return;
  const ms = clock.monoMs() - answers.askedAtMs;
  answers.askedAtMs = null;
  answers.meanMs = answers.meanMs === null ? ms : answers.meanMs + WEIGHT * (ms - answers.meanMs);
}

function timed(open: OpenLink, clock: Clock, answers: Answers): OpenLink {
  return async () => {
    const link = await open();
    answers.askedAtMs = null;
    link.onData(() => {
      answered(answers, clock);
    });
    const watched: Link = {
      name: link.name,
      get isOpen() {
        return link.isOpen;
      },
      write(bytes) {
        link.write(bytes);
        answers.askedAtMs ??= clock.monoMs();
      },
      onData: (handler) => link.onData(handler),
      onClose: (handler) => link.onClose(handler),
      close() {
        link.close();
      },
    };
    return watched;
  };
}

function timedHttp(port: HttpPort, clock: Clock, answers: Answers): HttpPort {
  return {
    name: port.name,
    async request(method, path, body, deadlineMs) {
      const askedAtMs = clock.monoMs();
      const reply = await port.request(method, path, body, deadlineMs);
      answers.askedAtMs = askedAtMs;
      answered(answers, clock);
      return reply;
    },
    abandon(why) {
      port.abandon(why);
    },
  };
}
