/**
 * `notify.yaml`: who is told of what, by which way, and how often at the most. Parsed whole; keys it does not know are
 * refused. Secrets stand in files or in the environment, never here.
 */
import * as z from "zod";
import { CALLS } from "../base/fault-answers.ts";
import { hasErrors, type Finding } from "../base/finding.ts";
import { findingAt, parseDocument } from "../input/document.ts";
import { readSection, strictObject } from "../input/section.ts";
import { isBrokerUrl } from "../bus/broker-url.ts";
import { TOPIC_NAME } from "../bus/topics.ts";

const name = z.string().regex(TOPIC_NAME, "Give a name of letters, digits, . _ @ -");
const path = z.string().min(1);
/** One line without control characters: it stands in headers. */
const line = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^\p{Cc}]*$/u, "Give one line of text.");
const address = z
  .string()
  .max(254)
  .regex(/^[^\s@<>,;:"\\()[\]]+@[A-Za-z0-9.-]+$/, "Give one address, such as anna@example.org.");
const variable = z
  .string()
  .regex(/^BEAMRACK_[A-Z0-9_]+$/, "Name a variable that begins with BEAMRACK_: no others are read.");
const port = z.int().min(1).max(65_535);

function isOwnMachine(host: string): boolean {
  const plain = host.replace(/^\[|\]$/g, "");
  return plain === "localhost" || plain === "::1" || /^127\.\d+\.\d+\.\d+$/.test(plain);
}

const emailSchema = strictObject({
  kind: z.literal("email"),
  host: z.string().regex(/^[A-Za-z0-9.-]+$|^\[[0-9a-fA-F:]+\]$/, "Give a host name or an address."),
  port: port.exactOptional(),
  /** `tls` from the first byte (465), `starttls` (587); `none` on this machine only. */
  security: z.enum(["tls", "starttls", "none"]).default("starttls"),
  user: line.exactOptional(),
  password_file: path.exactOptional(),
  password_env: variable.exactOptional(),
  ca_file: path.exactOptional(),
  from: address,
  to: z.array(address).min(1).max(20),
})
  .refine((route) => route.security !== "none" || isOwnMachine(route.host), {
    message: "Without TLS mail goes to a server on this machine only.",
    path: ["security"],
  })
  .refine((route) => (route.password_file ?? route.password_env) === undefined || route.user !== undefined, {
    message: "A password needs a user.",
    path: ["user"],
  });

const webhookSchema = strictObject({
  kind: z.literal("webhook"),
  /** Or, where the address itself is the secret, in a file or variable. */
  url: z.string().exactOptional(),
  url_file: path.exactOptional(),
  url_env: variable.exactOptional(),
  /** Sent as `Authorization: Bearer`. */
  token_file: path.exactOptional(),
  token_env: variable.exactOptional(),
  ca_file: path.exactOptional(),
})
  .refine((route) => [route.url, route.url_file, route.url_env].filter((one) => one !== undefined).length === 1, {
    message: "Give one of url, url_file and url_env.",
    path: ["url"],
  })
  .refine((route) => route.url === undefined || webhookUrlProblem(route.url) === null, {
    message: "Write https://host/path without user and password; http:// on this machine only.",
    path: ["url"],
  });

/** Why this is no place for a webhook; null when it is one. */
export function webhookUrlProblem(text: string): string | null {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return "it is no URL";
  }
  if (url.username !== "" || url.password !== "") return "user and password do not belong in it";
  if (url.protocol === "https:") return null;
  if (url.protocol !== "http:") return "it is not https://";
  return isOwnMachine(url.hostname) ? null : "http:// is for this machine only; write https://";
}

const mqttSchema = strictObject({
  kind: z.literal("mqtt"),
  /** Left out: `beamrack/<rack>/notice` on the rack's own broker. */
  url: z.string().refine(isBrokerUrl, "Write mqtt://host:port or mqtts://host:port.").exactOptional(),
  topic: z
    .string()
    .min(1)
    .max(200)
    .regex(/^[^+#\p{Cc}]+$/u, "Give a topic without + and #.")
    .exactOptional(),
  user: line.exactOptional(),
  password_file: path.exactOptional(),
  password_env: variable.exactOptional(),
  ca_file: path.exactOptional(),
})
  .refine((route) => (route.url === undefined) === (route.topic === undefined), {
    message: "Another broker needs url and topic; without both the rack's own is meant.",
    path: ["topic"],
  })
  .refine((route) => route.url?.startsWith("mqtt:") !== true || isOwnMachine(hostOf(route.url)), {
    message: "Without TLS (mqtts://) only a broker on this machine.",
    path: ["url"],
  });

function hostOf(url: string): string {
  return url.replace(/^mqtts?:\/\//, "").replace(/:\d+$/, "");
}

const routeSchema = z.discriminatedUnion("kind", [emailSchema, webhookSchema, mqttSchema]);
export type NotifyRoute = z.output<typeof routeSchema>;
export type EmailRoute = Extract<NotifyRoute, { kind: "email" }>;
export type WebhookRoute = Extract<NotifyRoute, { kind: "webhook" }>;
export type MqttRoute = Extract<NotifyRoute, { kind: "mqtt" }>;

const clockTime = z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, "Write a time such as 22:00.");
const hours = {
  from: clockTime,
  to: clockTime,
  /** Of the people who sleep: an IANA name, such as Europe/Zurich. */
  time_zone: z.string().refine(isTimeZone, "Give a time zone such as Europe/Zurich, or UTC."),
} as const;
const hoursSchema = strictObject(hours).refine(({ from, to }) => from !== to, {
  message: "From and to are the same.",
  path: ["to"],
});
export type Hours = z.output<typeof hoursSchema>;

const quietSchema = strictObject({
  ...hours,
  /** What wakes them all the same. */
  except: z
    .array(z.enum(["retry", "hold", "stop", "refuse", "call", "controller-gone"]))
    .default(["stop", "call", "controller-gone"]),
}).refine(({ from, to }) => from !== to, { message: "From and to are the same.", path: ["to"] });
export type QuietHours = z.output<typeof quietSchema>;

function isTimeZone(text: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: text });
    return true;
  } catch {
    return false;
  }
}

const rateSchema = strictObject({
  /** So many notices in any hour; what is kept back is counted, and told with the next. */
  per_hour: z.int().min(1).max(3600),
});

export const MILESTONES = [
  "started",
  "cycle-done",
  "sweeps-met",
  "finished",
  "failed",
  "controller-gone",
  "controller-back",
] as const;
export type Milestone = (typeof MILESTONES)[number];

const shared = {
  name: line,
  to: z.array(name).min(1),
  rate: rateSchema.default({ per_hour: 12 }),
  quiet: quietSchema.exactOptional(),
  /** Of who is on call in turns: the rule tells in these hours alone, and nothing of what came outside them. */
  on_call: hoursSchema.exactOptional(),
} as const;
const listed = <Schema extends z.ZodType>(schema: Schema) => z.array(schema).min(1).exactOptional();

const alarmRule = strictObject({
  on: z.literal("alarm"),
  ...shared,
  severities: listed(z.enum(["retry", "hold", "stop", "refuse"])),
  /** Those for which somebody is called now, or by day, as the campaign has it. */
  calls: listed(z.enum(CALLS)),
  /** The part of a code before the dot: shutter, beam, cell. */
  classes: listed(z.string().regex(/^[a-z]+$/, "Give the part of a code before the dot, such as shutter.")),
  codes: listed(z.string().regex(/^[a-z]+\.[a-z-]+$/, "Give a code such as beam.lost.")),
  /** Alarms of these groups' cells only. */
  groups: listed(z.string().min(1)),
  /** Also told when it is over. */
  cleared: z.boolean().default(false),
});
export type AlarmRule = z.output<typeof alarmRule>;

const milestoneRule = strictObject({
  on: z.literal("milestone"),
  ...shared,
  milestones: z.array(z.enum(MILESTONES)).min(1),
  /** With cycle-done: the cells of these groups only. */
  groups: listed(z.string().min(1)),
});
export type MilestoneRule = z.output<typeof milestoneRule>;

const ruleSchema = z.discriminatedUnion("on", [alarmRule, milestoneRule]);
export type NotifyRule = z.output<typeof ruleSchema>;

/** People one after the other, by names of rules: chosen so that who sleeps near the telephone has time to look. */
const ESCALATE_AFTER_MIN = 15;
const callListSchema = strictObject({
  rules: z
    .array(line)
    .min(1)
    .max(20)
    .refine((names) => new Set(names).size === names.length, "Name each rule once."),
  /** A call that nobody has acknowledged by then goes to the next. */
  escalate_after_min: z.number().min(1).max(1440).default(ESCALATE_AFTER_MIN),
});

const configSchema = strictObject({
  v: z.literal(1),
  rate: rateSchema.default({ per_hour: 60 }),
  quiet: quietSchema.exactOptional(),
  routes: z.record(name, routeSchema).refine((routes) => Object.keys(routes).length > 0, "Give at least one route."),
  call_list: callListSchema.exactOptional(),
  rules: z
    .array(ruleSchema)
    .min(1)
    .max(100)
    .refine((rules) => new Set(rules.map((rule) => rule.name)).size === rules.length, "Each rule has its own name."),
});
export type NotifyConfig = z.output<typeof configSchema>;

export type ReadNotify =
  | { readonly ok: true; readonly config: NotifyConfig; readonly findings: readonly Finding[] }
  | { readonly ok: false; readonly findings: readonly Finding[] };

/** Every slip is told, with its line. */
export function readNotifyConfig(text: string, fileName: string, knownCodes: readonly string[]): ReadNotify {
  const document = parseDocument(text, fileName);
  const findings: Finding[] = [...document.findings];
  if (hasErrors(findings)) return { ok: false, findings };
  const config = readSection(document, [], configSchema, findings);
  if (config === undefined) return { ok: false, findings };
  const tell = (what: string, at: readonly (string | number)[], advice: string): void => {
    findings.push(findingAt(document, "error", "notify.invalid", at, what, advice));
  };
  const classes = new Set(knownCodes.map((code) => code.slice(0, code.indexOf("."))));
  const used = new Set(config.rules.flatMap(({ to }) => to));
  for (const [index, rule] of config.rules.entries()) {
    for (const [place, to] of rule.to.entries()) {
      if (Object.hasOwn(config.routes, to)) continue;
      const known = Object.keys(config.routes).join(", ");
      tell(`there is no route ${to}`, ["rules", index, "to", place], `Known here: ${known}.`);
    }
    if (rule.on !== "alarm") continue;
    for (const [place, code] of (rule.codes ?? []).entries()) {
      if (!knownCodes.includes(code)) tell(`no alarm has the code ${code}`, ["rules", index, "codes", place], SEE);
    }
    for (const [place, one] of (rule.classes ?? []).entries()) {
      if (!classes.has(one)) tell(`no alarm is of the class ${one}`, ["rules", index, "classes", place], SEE);
    }
  }
  const callable = config.rules.filter(({ on }) => on === "alarm").map(({ name: one }) => one);
  for (const [place, one] of (config.call_list?.rules ?? []).entries()) {
    if (callable.includes(one)) continue;
    const advice = callable.length === 0 ? "Give one." : `There are ${callable.join(", ")}.`;
    tell(`no rule of alarms has the name ${one}`, ["call_list", "rules", place], advice);
  }
  for (const route of Object.keys(config.routes)) {
    if (used.has(route)) continue;
    const advice = "Name it in a rule's to, or take it out.";
    findings.push(findingAt(document, "warning", "notify.invalid", ["routes", route], "no rule uses it", advice));
  }
  return hasErrors(findings) ? { ok: false, findings } : { ok: true, config, findings };
}

const SEE = "docs/faults.md lists them all.";
