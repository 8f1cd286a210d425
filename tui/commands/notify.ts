/** `beamrack notify run | check | test [FILE]`: tells people of alarms and milestones, by mail, webhook or MQTT. */
import { parseArgs } from "node:util";
import { sleep } from "../../protocols/base/clock.ts";
import { FAULT_CATALOGUE } from "../../protocols/base/fault-catalogue.ts";
import { Fault, isFault } from "../../protocols/base/fault.ts";
import { findingText } from "../../protocols/base/finding.ts";
import { readNotifyConfig, type NotifyConfig } from "../../protocols/notify/notify-config.ts";
import { CLIENT_OPTIONS, placeOfClient, type ClientValues } from "../bus/client-options.ts";
import { openRack } from "../bus/rack-look.ts";
import type { CommandContext } from "../command-context.ts";
import { createNotifier, createRoutes, testNotice } from "../notify/notifier.ts";
import type { NoticeRoute } from "../notify/outbox.ts";

const DEFAULT_FILE = "notify.yaml";
/** Another broker is given so long to open a session. */
const SESSION_MS = 6000;
const STEP_MS = 50;

export async function notifyCommand(context: CommandContext, args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { ...CLIENT_OPTIONS, rule: { type: "string" } },
  });
  const [act, file, ...more] = positionals;
  if (more.length > 0 || (act !== "run" && act !== "check" && act !== "test")) {
    throw new Fault("command.usage", "beamrack notify", "takes run, check or test, and one file");
  }
  if (values.rule !== undefined && act !== "test") throw new Fault("command.usage", "--rule", "goes with test");
  const path = file ?? context.environment?.["BEAMRACK_NOTIFY"] ?? DEFAULT_FILE;
  const config = load(context, path);
  if (config === null) return 2;
  switch (act) {
    case "check":
      return check(context, path, config);
    case "test":
      return test(context, config, values.rule, values);
    case "run":
      return run(context, config, values);
  }
}

/** Null where the file is refused, which is told. */
function load(context: CommandContext, path: string): NotifyConfig | null {
  const read = readNotifyConfig(context.readText(path), path, Object.keys(FAULT_CATALOGUE));
  if (context.json && !read.ok) context.print(JSON.stringify({ ok: false, findings: read.findings }));
  for (const finding of read.findings) context.printError(findingText(finding));
  return read.ok ? read.config : null;
}

async function check(context: CommandContext, path: string, config: NotifyConfig): Promise<number> {
  // Secrets and signers are read as they will be.
  const routes = createRoutes(config, routeDeps(context));
  await Promise.all(routes.map((route) => route.close()));
  const rules = config.rules.map(({ name, on, to }) => ({ rule: name, on, to }));
  if (context.json) context.print(JSON.stringify({ ok: true, routes: routes.map(({ name }) => name), rules }));
  else {
    for (const { rule, on, to } of rules) context.print(`${rule}: ${on} -> ${to.join(", ")}`);
    context.print(`${path}: sound; beamrack notify test sends one notice to each route`);
  }
  return 0;
}

/** One notice by each route that is asked for; each is told how it went. */
async function test(
  context: CommandContext,
  config: NotifyConfig,
  ruleName: string | undefined,
  asked: ClientValues,
): Promise<number> {
  const rule = config.rules.find(({ name }) => name === ruleName);
  if (ruleName !== undefined && rule === undefined) {
    const known = config.rules.map(({ name }) => name).join(", ");
    throw new Fault("command.usage", "--rule", `there is no rule ${ruleName}; known here: ${known}`);
  }
  const names = rule?.to ?? Object.keys(config.routes);
  const needsBus = names.some((name) => {
    const route = config.routes[name];
    return route?.kind === "mqtt" && route.url === undefined;
  });
  const bus = needsBus ? await openOwnBus(context, asked) : null;
  const routes = createRoutes(config, {
    ...routeDeps(context),
    rack: () => bus?.rack ?? asked.rack ?? "",
    say: (payload) => bus?.say(payload) === true,
  });
  const notice = testNotice(rule?.name ?? "test", context.self.host);
  const outcomes = await Promise.all(
    routes
      .filter(({ name }) => names.includes(name))
      .map(async (route) => ({ route: route.name, ...(await tried(route)) })),
  );
  await Promise.all([...routes.map((route) => route.close()), bus?.close()]);
  for (const { route, trouble } of outcomes) {
    if (!context.json) context.print(trouble === null ? `${route}: sent` : `${route}: not sent: ${trouble}`);
  }
  if (context.json) context.print(JSON.stringify({ outcomes }));
  return outcomes.every(({ trouble }) => trouble === null) ? 0 : 1;

  async function tried(route: NoticeRoute): Promise<{ readonly trouble: string | null }> {
    const endMs = context.clock.monoMs() + SESSION_MS;
    for (;;) {
      try {
        await route.send(notice);
        return { trouble: null };
      } catch (error) {
        if (!isFault(error)) throw error;
        const isOpening = config.routes[route.name]?.kind === "mqtt" && error.message.includes("still being opened");
        if (!isOpening || context.clock.monoMs() > endMs) return { trouble: error.message };
        await sleep(context.clock, STEP_MS);
      }
    }
  }
}

async function openOwnBus(context: CommandContext, asked: ClientValues) {
  const open = await openRack({
    ...{ place: placeOfClient(context, asked), clock: context.clock, pid: context.self.pid, rack: asked.rack },
    isEnough: () => true,
  });
  const { rack } = open.look();
  return {
    rack,
    say: (payload: string) => open.client.say(rack, { kind: "notice" }, payload),
    close: () => open.client.close(),
  };
}

/** Until it is told to end. What the broker is asked first: wrong places and passwords are refused at once. */
async function run(context: CommandContext, config: NotifyConfig, asked: ClientValues): Promise<number> {
  const notifier = createNotifier({
    ...{ config, place: placeOfClient(context, asked), rack: asked.rack, clock: context.clock },
    ...{ pid: context.self.pid, environment: context.environment ?? {} },
    say(line) {
      if (context.json)
        context.print(JSON.stringify({ said_at: new Date(context.clock.wallMs()).toISOString(), line }));
      else context.printError(`notify: ${line}`);
    },
  });
  await new Promise<void>((resolve) => {
    context.onInterrupt(() => {
      resolve();
    });
  });
  await notifier.close();
  return 0;
}

function routeDeps(context: CommandContext) {
  return {
    ...{ clock: context.clock, environment: context.environment ?? {}, pid: context.self.pid },
    rack: () => "",
    say: () => false,
  };
}
