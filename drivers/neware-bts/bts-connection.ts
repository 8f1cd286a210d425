/**
 * The one connection that all channels of a cabinet share. Requests take turns, urgent ones first. After a lost or
 * unreadable reply the link is closed and the next request opens a new one, so that no answer is ever taken for
 * another; a link that the other side closed stays closed until somebody connects.
 */
import type { Clock } from "../../protocols/base/clock.ts";
import { Fault, isFault } from "../../protocols/base/fault.ts";
import type { OpenLink } from "../../protocols/roles/link.ts";
import { connectBody, deviceListBody, type BtsLogin } from "../../protocols/wire/neware/bts-commands.ts";
import { decodeConnected, decodeDeviceList, type BtsDeviceList } from "../../protocols/wire/neware/bts-replies.ts";
import { openWithin } from "../link/open-within.ts";
import { createBtsConversation, type BtsConversation, type BtsQuestion } from "./bts-conversation.ts";

export interface BtsConnection {
  /** The channels behind the client; opens the link and logs in when that is not done yet. */
  open(): Promise<BtsDeviceList>;
  /**
   * Rejects with `link.timeout`, `link.garbled` or `link.closed`: then it is not known whether the client acted.
   * `question` is called when its turn has come, so that it can gather what came in meanwhile; where it throws, nothing is
   * sent.
   */
  request<T>(question: () => BtsQuestion<T>, isUrgent?: boolean): Promise<T>;
  close(why: string): void;
}

export interface BtsConnectionDeps {
  readonly name: string;
  readonly openLink: OpenLink;
  readonly clock: Clock;
  readonly login: BtsLogin;
  readonly replyMs: number;
  readonly openMs: number;
  /** The link is gone and nobody reopens it unasked. */
  readonly onLost: (why: string) => void;
}

/** More waiting than this is a sign of callers that do not await: about ten requests for each of 96 channels. */
const WAITING_MAX = 1000;

export function createBtsConnection(deps: BtsConnectionDeps): BtsConnection {
  const { name, clock } = deps;
  const urgent: (() => Promise<void>)[] = [];
  const ordinary: (() => Promise<void>)[] = [];
  let isWorking = false;
  /** closed: until somebody opens. out-of-step: the next request opens anew. */
  let state: "closed" | "open" | "out-of-step" = "closed";
  let conversation: BtsConversation | null = null;
  /** One for all channels that connect together. */
  let opening: Promise<BtsDeviceList> | null = null;
  /** Counts closings by the host: what is still opening then is nobody's. */
  let generation = 0;
  let devices: BtsDeviceList = { channels: [], clientVersion: null };

  /** Works until nothing waits. Jobs settle their own promises and do not reject. */
  async function work(): Promise<void> {
    if (isWorking) return;
    isWorking = true;
    // Whoever asks in the same turn still gets into the first list.
    await Promise.resolve();
    try {
      for (let job = next(); job !== undefined; job = next()) await job();
    } finally {
      isWorking = false;
    }
  }

  function next(): (() => Promise<void>) | undefined {
    return urgent.shift() ?? ordinary.shift();
  }

  function inTurn<T>(isUrgent: boolean, job: () => Promise<T>): Promise<T> {
    const queue = isUrgent ? urgent : ordinary;
    if (queue.length >= WAITING_MAX)
      return Promise.reject(new Fault("device.refused", name, `${WAITING_MAX} requests wait for this client already`));
    return new Promise<T>((resolve, reject) => {
      queue.push(() => job().then(resolve, reject));
      void work();
    });
  }

  function drop(next: "closed" | "out-of-step", why: string): void {
    state = next;
    const dropped = conversation;
    conversation = null;
    dropped?.close(why);
  }

  function needGeneration(of: number): void {
    if (of !== generation) throw new Fault("link.closed", name, "the cabinet was disconnected while it connected");
  }

  async function openLink(): Promise<BtsConversation> {
    const of = generation;
    const link = await openWithin(clock, deps.openLink, name, deps.openMs);
    if (of !== generation) link.close();
    needGeneration(of);
    const talk = createBtsConversation({
      name,
      link,
      clock,
      onLost(why) {
        if (conversation !== talk) return;
        conversation = null;
        state = "closed";
        deps.onLost(why);
      },
    });
    return talk;
  }

  async function establish(): Promise<BtsConversation> {
    drop("closed", "connecting anew");
    const talk = await openLink();
    conversation = talk;
    try {
      const isIn = await firstAnswer(
        talk.ask({ command: "connect", body: connectBody(deps.login), decode: decodeConnected }, deps.replyMs),
      );
      if (!isIn)
        throw new Fault(
          "device.refused",
          name,
          "the client refused the login: compare user and password, and see that its interface is activated",
        );
      devices = await talk.ask(
        { command: "getdevinfo", body: deviceListBody(), decode: decodeDeviceList },
        deps.replyMs,
      );
      state = "open";
      return talk;
    } catch (error) {
      if (conversation === talk) drop("closed", "connecting failed");
      throw error;
    }
  }

  /** An answer to `connect` that is no BTS reply means that something else listens on this port. */
  async function firstAnswer<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      if (!isFault(error) || error.code !== "link.garbled") throw error;
      throw new Fault("device.wrong", name, `no BTS client answers here: ${error.message}`, error.detail, error);
    }
  }

  /** Unasked, only a link that was closed for an answer lost is opened again. */
  async function talkOrOpen(isAsked: boolean): Promise<BtsConversation> {
    if (conversation !== null) return conversation;
    const wasOutOfStep = state === "out-of-step";
    if (!isAsked && !wasOutOfStep) throw new Fault("link.closed", name, "the cabinet is not connected");
    try {
      return await establish();
    } catch (error) {
      if (wasOutOfStep) deps.onLost(isFault(error) ? error.message : "reopening failed");
      throw error;
    }
  }

  return {
    open() {
      if (opening !== null) return opening;
      const of = generation;
      const mine = inTurn(false, async () => {
        needGeneration(of);
        await talkOrOpen(true);
        return devices;
      }).finally(() => {
        if (opening === mine) opening = null;
      });
      opening = mine;
      return mine;
    },
    request(question, isUrgent = false) {
      return inTurn(isUrgent, async () => {
        const talk = await talkOrOpen(false);
        const asked = question();
        try {
          return await talk.ask(asked, deps.replyMs);
        } catch (error) {
          const isOutOfStep = isFault(error) && (error.code === "link.timeout" || error.code === "link.garbled");
          if (isOutOfStep && conversation === talk) drop("out-of-step", "an answer was lost");
          throw error;
        }
      });
    },
    close(why) {
      generation += 1;
      opening = null;
      drop("closed", why);
    },
  };
}
