/** `beamrack device SITE.yaml NAME COMMAND`: one instrument by itself, for commissioning. */
import { openRecordedLedger, type RecordedLedger } from "../../controller/dose/recorded-ledger.ts";
import { listSerialPorts } from "../../drivers/link/list-serial-ports.ts";
import type { Json } from "../../protocols/base/canonical-json.ts";
import { Fault, faultText, isFault } from "../../protocols/base/fault.ts";
import { findingText } from "../../protocols/base/finding.ts";
import { linkText } from "../../protocols/site/site-lookup.ts";
import { siteCables } from "../../protocols/site/site-cables.ts";
import type { Site } from "../../protocols/site/site.ts";
import { createCaptureFolder } from "../capture/capture-folder.ts";
import type { CommandContext } from "../command-context.ts";
import type { Act } from "../device/act.ts";
import { actsFor } from "../device/acts.ts";
import { parseDeviceArguments, type DeviceArguments, type DeviceOptions } from "../device/device-options.ts";
import { dryRun } from "../device/dry-run.ts";
import { runAct } from "../device/run-act.ts";
import { hashOf, loadSite } from "../load-campaign.ts";
import { createSiteDrivers, instrumentNames, type SiteInstrument } from "../rig/drivers.ts";
import { createRealLinks } from "../rig/real-links.ts";
import type { SiteLock } from "../site-lock/site-lock.ts";

/** Resolves to 0, or 1 when the instrument failed, or 2 when the command was refused. */
export async function deviceCommand(context: CommandContext, argv: readonly string[]): Promise<number> {
  const given = parseDeviceArguments(argv);
  const { site, findings } = loadSite(context, given.sitePath);
  if (site === undefined) {
    if (context.json) context.print(JSON.stringify({ ok: false, findings }));
    for (const finding of findings) if (finding.severity !== "note") context.printError(findingText(finding));
    context.printError("Refused: nothing was opened.");
    return 2;
  }
  const { name, command } = given;
  if (name === undefined || command === undefined) return list(context, site, given);
  const options: DeviceOptions = {
    ...given,
    site,
    readText: (path) => context.readText(path),
    tables: () => context.attenuationTables(),
  };
  const actOf = (found: SiteInstrument): Act => {
    const acts = actsFor(site, found);
    const entry = acts.find((act) => act.name === command);
    if (entry !== undefined) return entry.make(given.args, options);
    const known = acts.map((act) => act.name).join(", ");
    throw new Fault("command.usage", name, `knows no ${command}; it knows ${known}`);
  };
  const startedMs = context.clock.monoMs();
  let driver: string | null = null;
  const tell = (result: Json, fault: Fault | null, more: { readonly [key: string]: Json } = {}): number => {
    const elapsedMs = Number((context.clock.monoMs() - startedMs).toFixed(3));
    if (context.json) {
      const words = [command, ...given.args].join(" ");
      const faultJson = fault === null ? null : faultDocument(fault);
      const head = { device: name, driver, command: words, result, elapsed_ms: elapsedMs, fault: faultJson };
      context.print(JSON.stringify({ ...head, ...more }));
    } else if (fault === null) for (const line of resultLines(result)) context.print(line);
    if (fault === null) return 0;
    context.printError(faultText(fault));
    return fault.severity === "refuse" ? 2 : 1;
  };

  try {
    if (given.isDryRun) {
      const dry = await dryRun(context, site, name, actOf);
      if (dry === undefined) throw unknownName(site, name);
      driver = createSiteDrivers(site, createRealLinks(context.clock)).byName(name)?.instrument.driver ?? null;
      const { act, sent, result, fault } = dry;
      const would = { acts: [...act.words], asks_first: act.needsConfirmation, admits_beam: act.admitsBeam };
      if (!context.json) {
        for (const word of act.words) context.print(word);
        context.print("Sent, if the instrument answers as the simulated one does:");
        for (const { link, text } of sent) context.print(`  ${link.padEnd(12)} ${text}`);
        if (fault !== null) context.print(`The simulated instrument: ${fault.message}`);
        context.print("Dry run: nothing was opened.");
        return 0;
      }
      const shown = { dry_run: true, ...would, sent: sent.map((item) => ({ ...item })) };
      const simulated = { result, fault: fault === null ? null : faultDocument(fault) };
      return tell({ ...shown, simulated }, null);
    }
    const capture =
      given.captureFolder === undefined
        ? undefined
        : createCaptureFolder(given.captureFolder, context.clock, (fault) => {
            context.printError(faultText(fault));
          });
    const deps = createRealLinks(context.clock, capture);
    const drivers = createSiteDrivers(site, deps);
    const found = drivers.byName(name);
    if (found === undefined) throw unknownName(site, name);
    driver = found.instrument.driver;
    const act = actOf(found);
    if (act.admitsBeam && given.dataFolder === undefined) {
      throw new Fault(
        "device.unbooked",
        name,
        `${act.command} can let the beam in, and no --data says where it is booked`,
      );
    }
    await confirm(context, given, name, act);
    const lock = lockUnlessLook(context, site, name, act, `beamrack device ${name} ${act.command}`);
    let ledger: RecordedLedger | undefined;
    try {
      if (act.admitsBeam && given.dataFolder !== undefined) {
        ledger = openRecordedLedger({
          folder: given.dataFolder,
          siteHash: hashOf(site),
          clock: context.clock,
          holder: { ...context.self, sinceMs: context.clock.wallMs() },
        });
      }
      const clientId = `beamrack-device-${context.self.pid}`;
      const say = (line: string): void => {
        context.printError(line);
      };
      const bench = { site, drivers, deps, clock: context.clock, ledger, clientId, say };
      const result = await runAct(act, bench, {
        name,
        clock: context.clock,
        timeoutMs: given.timeoutS === undefined ? act.timeoutMs : given.timeoutS * 1000,
        onInterrupt: (handler) => context.onInterrupt(handler),
      });
      return tell(result, null);
    } finally {
      ledger?.close();
      lock?.release();
    }
  } catch (error) {
    if (!isFault(error)) throw error;
    return tell(null, error);
  }
}

/**
 * The lock, or undefined for what may be done beside a controller: a look must not keep one from beginning. Throws
 * Fault `site.in-use`.
 */
function lockUnlessLook(
  context: CommandContext,
  site: Site,
  name: string,
  act: Act,
  command: string,
): SiteLock | undefined {
  if (act.notBeside === null) return undefined;
  try {
    return context.takeSiteLock(site, { command });
  } catch (error) {
    if (!isFault(error) || error.code !== "site.in-use") throw error;
    const what = `${act.command} must wait: ${act.notBeside}; ${error.message}`;
    throw new Fault("site.in-use", name, what, error.detail, error);
  }
}

async function confirm(context: CommandContext, given: DeviceArguments, name: string, act: Act): Promise<void> {
  if (!act.needsConfirmation || given.isConfirmed) return;
  for (const word of act.words) context.printError(word);
  const answer = await context.ask(`${name}: ${act.command}? [y/N]`);
  if (answer !== null && /^y(es)?$/i.test(answer.trim())) return;
  const why = answer === null ? "nobody at a terminal confirmed it" : "it was not confirmed";
  throw new Fault("device.unconfirmed", name, `${act.command} was not done: ${why}`);
}

async function list(context: CommandContext, site: Site, given: DeviceArguments): Promise<number> {
  const drivers = createSiteDrivers(site, createRealLinks(context.clock));
  const places = new Map(
    siteCables(
      site,
      site.channels.map((channel) => channel.position),
    ).map((cable) => [cable.name, linkText(cable.link)]),
  );
  const devices = instrumentNames(site).flatMap((name) => {
    const found = drivers.byName(name);
    if (found === undefined) return [];
    const commands = actsFor(site, found).map(({ usage, summary }) => ({ usage, summary }));
    return [{ device: name, driver: found.instrument.driver, link: places.get(name) ?? null, commands }];
  });
  const serial = given.listsPorts ? await listSerialPorts() : undefined;
  if (context.json) {
    context.print(
      JSON.stringify({ site: site.name, devices, ...(serial === undefined ? {} : { serial_ports: serial }) }),
    );
    return 0;
  }
  for (const { device, driver, link, commands } of devices) {
    context.print(`${device.padEnd(16)} ${driver.padEnd(22)} ${link ?? ""}`);
    context.print(`  ${commands.map(({ usage }) => usage.split(" ")[0] ?? "").join(", ")}`);
  }
  for (const { path, stablePath, manufacturer } of serial?.ports ?? []) {
    context.print(`serial port ${path} ${stablePath ?? ""} ${manufacturer ?? ""}`.trimEnd());
  }
  if (serial !== undefined && serial.note !== null) context.printError(serial.note);
  return 0;
}

function unknownName(site: Site, name: string): Fault {
  const names = instrumentNames(site);
  const some = names.length > 12 ? `${names.slice(0, 12).join(", ")} and ${names.length - 12} more` : names.join(", ");
  return new Fault("command.usage", name, `the site ${site.name} has no instrument of this name; it has ${some}`);
}

function faultDocument(fault: Fault): { readonly [key: string]: Json } {
  const { code, where, message, advice, detail } = fault;
  return { code, where, what: message, advice, detail };
}

/** `key  value`, nested keys with points. */
function resultLines(result: Json, prefix = ""): readonly string[] {
  if (result === null || typeof result !== "object") return [`${prefix.padEnd(28)} ${String(result)}`];
  if (Array.isArray(result)) {
    return result.every((item) => item === null || typeof item !== "object")
      ? [`${prefix.padEnd(28)} ${result.join(" ")}`]
      : result.flatMap((item: Json, index) => resultLines(item, `${prefix}.${String(index + 1)}`));
  }
  return Object.entries(result).flatMap(([key, value]) => resultLines(value, prefix === "" ? key : `${prefix}.${key}`));
}
