/**
 * A Neware cabinet behind one BTS client: what its channels ask of it, gathered into few requests, and the one poll
 * that looks after all running tests. The client's values are some five seconds old, so faster polling gains nothing.
 */
import type { Clock } from "../../protocols/base/clock.ts";
import { Fault, isFault } from "../../protocols/base/fault.ts";
import type { Channel } from "../../protocols/roles/channel.ts";
import type { OpenLink } from "../../protocols/roles/link.ts";
import {
  DOWNLOAD_ROWS_MAX,
  downloadBody,
  inquireBody,
  latestTestBody,
  startBody,
  statusBody,
  stopBody,
  type StartOrder,
} from "../../protocols/wire/neware/bts-commands.ts";
import {
  decodeAcknowledgements,
  decodeLatestTests,
  decodeLive,
  decodeRows,
  decodeStatuses,
  type BtsDeviceList,
  type BtsItems,
  type BtsLive,
  type BtsReply,
  type BtsRows,
  type BtsTest,
} from "../../protocols/wire/neware/bts-replies.ts";
import { addressKey, type NewareAddress } from "../../protocols/wire/neware/channel-address.ts";
import type { Decoded } from "../../protocols/wire/neware/decoded.ts";
import { OPEN_DEADLINE_MS } from "../link/open-within.ts";
import { createBtsConnection } from "./bts-connection.ts";
import { createGatheredRequest, type GatheredRequest, type Withdrawn } from "./gathered-request.ts";
import { createNewareChannel, type NewareChannelOptions } from "./neware-channel.ts";

export interface NewareCabinetOptions {
  /** Folder of the step files as the Windows computer sees it, e.g. `\\nas\steps`. Goes into the start command. */
  readonly stepFileFolder: string;
  /** The same folder as this computer sees it, e.g. `/mnt/steps`. */
  readonly writeFolder: string;
  /** Where the Windows computer keeps its own copy of the data. */
  readonly backupFolder?: string;
  readonly username?: string;
  readonly password?: string;
  /** Longest wait for one answer. The client may take 30 s; default 8 s, so that a hung one is found out in time. */
  readonly replyMs?: number;
  readonly openMs?: number;
  /** Default 5 s. */
  readonly pollMs?: number;
  /** How old a live value may be. Default 5 s. */
  readonly liveAgeMs?: number;
}

export interface NewareCabinetDeps extends NewareCabinetOptions {
  /** Its name in the site file. */
  readonly name: string;
  readonly openLink: OpenLink;
  readonly clock: Clock;
  /** Writes a file whole and durably; rejects when it cannot. */
  readonly writeFile: (path: string, text: string) => Promise<void>;
}

export interface NewareCabinet {
  /** A channel by its address. All channels share the one connection; each is connected by itself. */
  channel(name: string, address: NewareAddress, options?: NewareChannelOptions): Channel;
}

/** What the poll tells a channel whose step runs. */
export interface RunWatcher {
  readonly address: NewareAddress;
  news(live: BtsLive, test: BtsTest | null): Promise<void>;
  /** A round of the poll is over, whether or not it brought news; it took `roundMs`. */
  roundOver(roundMs: number): void;
}

/** The cabinet as its channels see it. Requests reject as `BtsConnection.request` does. */
export interface CabinetPort {
  readonly clock: Clock;
  readonly pollMs: number;
  readonly liveAgeMs: number;
  readonly stepFileFolder: string;
  readonly writeFolder: string;
  readonly writeFile: (path: string, text: string) => Promise<void>;
  /** Joins the connection; `lost` is called when it is gone. Rejects with `link.closed` who has left meanwhile. */
  join(member: CabinetMember): Promise<BtsDeviceList>;
  /** The last member that leaves closes the link, or what is opening. Nothing is sent. */
  leave(member: CabinetMember): void;
  /** Goes ahead of whatever waits, as a stop does. */
  status(address: NewareAddress): Promise<string>;
  live(address: NewareAddress): Promise<BtsLive>;
  latestTest(address: NewareAddress): Promise<BtsTest | null>;
  /** True when the client says ok. Never repeated here. */
  start(order: StartOrder, withdrawn: Withdrawn): Promise<boolean>;
  /** Goes ahead of whatever waits. */
  stop(address: NewareAddress, withdrawn: Withdrawn): Promise<boolean>;
  rows(address: NewareAddress, testId: number, startPosition: number): Promise<BtsRows>;
  watch(watcher: RunWatcher): () => void;
}

export interface CabinetMember {
  lost(why: string): void;
}

/** Channels in one list; the cabinet has 96. */
const LIST_MAX = 96;

export function createNewareCabinet(deps: NewareCabinetDeps): NewareCabinet {
  const { name, clock } = deps;
  const pollMs = deps.pollMs ?? 5000;
  const backupFolder = deps.backupFolder ?? "C:\\Neware data\\";
  const members = new Set<CabinetMember>();
  const joining = new Set<CabinetMember>();
  const watchers = new Set<RunWatcher>();
  let isPolling = false;

  const connection = createBtsConnection({
    name,
    openLink: deps.openLink,
    clock,
    login: { username: deps.username ?? "admin", password: deps.password ?? "neware" },
    replyMs: deps.replyMs ?? 8000,
    openMs: deps.openMs ?? OPEN_DEADLINE_MS,
    onLost(why) {
      for (const member of [...members]) member.lost(why);
    },
  });

  /** What is amiss with one item concerns its channel alone: the link is in step, and the others have their answers. */
  function valueOf<V>(command: string, address: NewareAddress, item: Decoded<V> | undefined): V {
    if (item?.ok === true) return item.value;
    const channel = addressKey(address);
    throw new Fault(
      "link.garbled",
      name,
      `the answer to ${command} could not be read for channel ${channel}: ${item?.reason ?? "it has no item"}`,
      { what: command, channel },
    );
  }

  function gathered<V>(
    command: string,
    body: (addresses: readonly NewareAddress[]) => string,
    decode: (reply: BtsReply, asked: readonly NewareAddress[]) => BtsItems<V>,
    isUrgent = false,
  ): GatheredRequest<NewareAddress, V> {
    const ask = createGatheredRequest<NewareAddress, Decoded<V>>(LIST_MAX, (take) =>
      connection.request(() => {
        const addresses = take();
        return { command, body: body(addresses), decode: (reply) => decode(reply, addresses) };
      }, isUrgent),
    );
    return async (address, withdrawn) => valueOf(command, address, await ask(address, withdrawn));
  }

  const status = gathered("getchlstatus", statusBody, decodeStatuses, true);
  const live = gathered("inquire", inquireBody, decodeLive);
  const latestTest = gathered("inquiredf", latestTestBody, decodeLatestTests);
  const stop = gathered("stop", stopBody, decodeAcknowledgements, true);

  async function round(): Promise<void> {
    const startedMs = clock.monoMs();
    const watched = [...watchers];
    const tellings = watched.map(async (watcher) => {
      try {
        const [seen, test] = await Promise.all([live(watcher.address), latestTest(watcher.address)]);
        if (watchers.has(watcher)) await watcher.news(seen, test);
      } catch (error) {
        // Told by silence, if it lasts: the next round opens the link anew.
        if (!isFault(error)) throw error;
      }
    });
    await Promise.all(tellings);
    const roundMs = clock.monoMs() - startedMs;
    for (const watcher of watched) if (watchers.has(watcher)) watcher.roundOver(roundMs);
  }

  function pollLater(): void {
    if (isPolling || watchers.size === 0) return;
    isPolling = true;
    clock.setTimeout(() => {
      void round().finally(() => {
        isPolling = false;
        pollLater();
      });
    }, pollMs);
  }

  const port: CabinetPort = {
    clock,
    pollMs,
    liveAgeMs: deps.liveAgeMs ?? 5000,
    stepFileFolder: deps.stepFileFolder,
    writeFolder: deps.writeFolder,
    writeFile: deps.writeFile,
    async join(member) {
      joining.add(member);
      try {
        const devices = await connection.open();
        if (!joining.has(member))
          throw new Fault("link.closed", name, "the channel was disconnected while it connected");
        members.add(member);
        return devices;
      } finally {
        joining.delete(member);
      }
    },
    leave(member) {
      const wasComing = joining.delete(member);
      const wasHere = members.delete(member);
      if ((wasComing || wasHere) && members.size + joining.size === 0) connection.close("closed by the host");
    },
    status,
    live,
    latestTest,
    async start(order, withdrawn) {
      const answers = await connection.request(() => {
        const fault = withdrawn();
        if (fault !== undefined) throw fault;
        return {
          command: "start",
          body: startBody([order], backupFolder),
          decode: (reply) => decodeAcknowledgements(reply, [order.address]),
        };
      });
      return valueOf("start", order.address, answers[0]);
    },
    stop,
    rows(address, testId, startPosition) {
      return connection.request(() => ({
        command: "download",
        body: downloadBody(address, testId, startPosition, DOWNLOAD_ROWS_MAX),
        decode: decodeRows,
      }));
    },
    watch(watcher) {
      watchers.add(watcher);
      pollLater();
      return () => {
        watchers.delete(watcher);
      };
    },
  };

  return {
    channel: (channelName, address, options = {}) => createNewareChannel(port, channelName, address, options),
  };
}
