/** What `beamrack device` can do with a channel. */
import { Fault } from "../../protocols/base/fault.ts";
import type { Json } from "../../protocols/base/canonical-json.ts";
import type { Channel } from "../../protocols/roles/channel.ts";
import { cableOf } from "../../protocols/site/site-cables.ts";
import type { SiteChannel } from "../../protocols/site/site.ts";
import type { Act, ActBench } from "./act.ts";
import { ASK_MS, asking, driverActs, entry, lookActs, TAKES_OVER, withConnected, type ActEntry } from "./act-entry.ts";
import { channelLook } from "./looks.ts";
import { registerActs, type RegisterUnit } from "./register-acts.ts";
import { runScript, scriptLines } from "./run-script.ts";

const SCRIPT_MS = 600_000;

export function channelActs(wired: SiteChannel, channel: Channel): readonly ActEntry[] {
  const look = channelLook(wired);
  const endsWhatRuns = "Connects to the channel, which ends whatever runs on it and switches the cell off.";
  const isOff = look === undefined ? endsWhatRuns : "Looks whether anything runs; if not, connects.";
  const read: Act = {
    ...asking("read", isOff, look?.notBeside ?? TAKES_OVER, measured),
    words: [isOff, "Measures the open-circuit voltage with the cell switched off."],
    needsConfirmation: look === undefined,
  };

  async function measured(bench: ActBench): Promise<Json> {
    await refuseIfBusy(bench);
    return withConnected(bench, channel, async () => ({ open_circuit_V: await channel.measureOpenCircuitV() }));
  }

  async function refuseIfBusy(bench: ActBench): Promise<void> {
    const state = (await look?.status(bench))?.["state"];
    if (typeof state !== "string") return;
    if (state === "idle" || state === "output off") return;
    throw new Fault("device.refused", channel.name, `${state}; \`abort\` ends it`);
  }

  const common =
    look === undefined ? driverActs(channel).map(confirmed) : lookActs(look).filter(({ name }) => name !== "read");
  const abort: Act = {
    command: "abort",
    words: [endsWhatRuns],
    needsConfirmation: true,
    admitsBeam: false,
    notBeside: TAKES_OVER,
    timeoutMs: ASK_MS,
    perform: (bench) =>
      withConnected(bench, channel, async () => {
        await channel.abort();
        return { cell: "off" };
      }),
  };
  return [
    ...common,
    entry("read", { usage: "read", summary: "open-circuit voltage, with the cell switched off" }, () => read),
    entry("abort", { usage: "abort", summary: "end what runs and switch the cell off" }, () => abort),
    ...(wired.driver === "palmsens-methodscript" ? [scriptEntry(wired, refuseIfBusy)] : []),
    ...(wired.driver === "modbus-cycler" ? registerActs(registersOf(wired)) : []),
  ];

  function confirmed(asked: ActEntry): ActEntry {
    return {
      ...asked,
      make: (args, options) => ({ ...asked.make(args, options), words: [endsWhatRuns], needsConfirmation: true }),
    };
  }
}

function registersOf(wired: Extract<SiteChannel, { readonly driver: "modbus-cycler" }>): RegisterUnit {
  const { name, link, map, unitId } = wired;
  const danger = "A register of a cycler may switch its output on, with no limit set.";
  return { name, cable: cableOf(wired), link, unitId: unitId ?? map.unit, danger };
}

function scriptEntry(wired: SiteChannel, refuseIfBusy: (bench: ActBench) => Promise<void>): ActEntry {
  return {
    name: "run",
    usage: "run FILE",
    summary: "a MethodSCRIPT file on this channel, as it stands",
    make([path, ...more], options) {
      if (path === undefined || more.length > 0) throw new Fault("command.usage", "run", "takes one MethodSCRIPT file");
      const lines = scriptLines(options.readText(path), path);
      return {
        command: `run ${path}`,
        words: [
          `Runs the ${lines.length} lines of ${path} on the instrument.`,
          "No limit guards the cell but those that stand in the script.",
          "Switches the cell off in the end.",
        ],
        needsConfirmation: true,
        admitsBeam: false,
        notBeside: TAKES_OVER,
        timeoutMs: SCRIPT_MS,
        async perform(bench) {
          await refuseIfBusy(bench);
          const openLink = bench.deps.openLinkOf(cableOf(wired), wired.link);
          return runScript(bench, { name: wired.name, openLink }, lines);
        },
      };
    },
  };
}
