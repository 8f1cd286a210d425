/** The rack aligned by the controller that has the site to itself: an order over its bus, answered once it is over. */
import { Fault } from "../../protocols/base/fault.ts";
import type { Site } from "../../protocols/site/site.ts";
import { ALIGN_ANSWER_MS } from "../bus/bus-client.ts";
import type { ClientValues } from "../bus/client-options.ts";
import type { CommandContext } from "../command-context.ts";
import { orderOnce } from "../commands/orders.ts";
import { plainText } from "../progress/number-text.ts";
import { confirmAct } from "./on-site.ts";

export interface ByControllerOrder {
  readonly by: string | undefined;
  readonly isRackOnly: boolean;
  readonly isGuided: boolean;
  readonly isConfirmed: boolean;
  readonly positions: readonly unknown[] | undefined;
  readonly out: string | undefined;
  readonly captureFolder: string | undefined;
  readonly client: ClientValues & { readonly reason: string | undefined; readonly "take-over": boolean };
}

const COMMAND = "beamrack align";

/** Resolves to 0, or to 2 where it is refused, or came to nothing. Rejects with `site.in-use` for what a running controller does not do. */
export async function alignByController(
  context: CommandContext,
  site: Site,
  order: ByControllerOrder,
): Promise<number> {
  const { by, client } = order;
  if (!order.isRackOnly || order.isGuided || (order.positions ?? order.out ?? order.captureFolder) !== undefined) {
    const what = `a campaign runs at ${site.name}, and its controller has stage and shutter to itself: it measures where the rack stands, with --rack-only and without --positions, --guided, --out and --capture. For anything else end it in order (Ctrl-C, or systemctl stop; cells go on with the step they are in, within their instruments' limits), measure, and give the same run again`;
    throw new Fault("site.in-use", site.name, what);
  }
  if (by === undefined) throw new Fault("command.usage", "--by", "say who measures: it stands in the calibration");
  const words = [
    `A campaign runs at ${site.name}: its controller holds the beam for some minutes, exposes points of the rack's openings, and lets the beam go on where the rack stands. Cells go on.`,
  ];
  const question = `${site.name}: have the rack aligned?`;
  await confirmAct(context, { command: COMMAND, question, words, isConfirmed: order.isConfirmed });
  const asked = { ...client, reason: client.reason ?? "the rack's place is to be known" };
  const command = { command: "align", args: { site: site.name, name: by } } as const;
  const reply = await orderOnce(context, asked, command, ALIGN_ANSWER_MS);
  const isOk = reply.outcome === "done";
  if (context.json) context.print(JSON.stringify({ ok: isOk, site: site.name, by_controller: true, ...reply }));
  else if (isOk) context.print(plainText(reply.what));
  if (!isOk)
    context.printError(plainText(`Refused, and the rack's place is what it was: ${reply.what}. ${reply.advice}`));
  return isOk ? 0 : 2;
}
