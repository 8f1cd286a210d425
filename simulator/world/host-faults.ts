/**
 * What goes wrong with the controller's own computer, its disk and its people. Done where the controller is: in the
 * simulated world none of it has an effect of its own.
 */
import { z } from "zod";

interface Lasting {
  readonly fromMs: number;
  readonly toMs: number;
}

export type HostFault =
  /** The computer's clock is set: it says so much more from then on. Its timers do not notice. */
  | { readonly kind: "clock-step"; readonly fromMs: number; readonly byMs: number }
  /** The controller's process gets no processor: what arrives and what is due waits for the end. */
  | (Lasting & { readonly kind: "host-stalls" })
  /** Nothing can be written. */
  | (Lasting & { readonly kind: "disk-full" })
  /** What is written arrives, and the disk says that it did not. */
  | (Lasting & { readonly kind: "disk-sync-fails" })
  | (Lasting & { readonly kind: "disk-slow"; readonly lateMs: number })
  /** The controller is killed in the middle of a write, of which half is there, and started again at the end. */
  | (Lasting & { readonly kind: "write-torn" })
  /**
   * The controller is gone until the end; meanwhile its computer's clock is set on by so much, or back, or the computer itself
   * is started anew, or both.
   */
  | (Lasting & { readonly kind: "host-restarts"; readonly byMs: number; readonly reboots: boolean })
  /** Orders that say opposite things in one instant; a person puts it right at the end. So with the next two. */
  | (Lasting & { readonly kind: "orders-contradict" })
  /** Many orders within a second. */
  | (Lasting & { readonly kind: "orders-storm" })
  /** Orders that made sense on a screen of a minute ago. */
  | (Lasting & { readonly kind: "orders-stale" })
  /** Somebody asks for access to a cell, and gives it back at the end; may hold it before it is proven, or leave it out. */
  | (Lasting & { readonly kind: "orders-access" })
  /** Somebody ends one cell for good, or all of them. */
  | (Lasting & { readonly kind: "orders-end-cells"; readonly who: "one" | "all" });

const atS = z.number().min(0);
const lasting = { from_s: atS, to_s: atS };

export const HOST_FAULT_SHAPES = [
  z.strictObject({ kind: z.literal("clock-step"), from_s: atS, by_s: z.number().min(-86_400).max(86_400) }),
  z.strictObject({ kind: z.literal("host-stalls"), ...lasting }),
  z.strictObject({ kind: z.literal("disk-full"), ...lasting }),
  z.strictObject({ kind: z.literal("disk-sync-fails"), ...lasting }),
  z.strictObject({ kind: z.literal("disk-slow"), ...lasting, late_s: z.number().min(0).max(60).default(2) }),
  z.strictObject({ kind: z.literal("write-torn"), ...lasting }),
  z.strictObject({
    kind: z.literal("host-restarts"),
    ...{ ...lasting, by_s: z.number().min(-86_400).max(86_400).default(0), reboots: z.boolean().default(true) },
  }),
  z.strictObject({ kind: z.literal("orders-contradict"), ...lasting }),
  z.strictObject({ kind: z.literal("orders-storm"), ...lasting }),
  z.strictObject({ kind: z.literal("orders-stale"), ...lasting }),
  z.strictObject({ kind: z.literal("orders-access"), ...lasting }),
  z.strictObject({ kind: z.literal("orders-end-cells"), ...lasting, who: z.enum(["one", "all"]).default("one") }),
] as const;

type HostEntry = z.output<(typeof HOST_FAULT_SHAPES)[number]>;

const KINDS: ReadonlySet<string> = new Set(HOST_FAULT_SHAPES.map(({ shape }) => shape.kind.value));

export function isHostEntry(entry: { readonly kind: string }): entry is HostEntry {
  return KINDS.has(entry.kind);
}

export function isHostFault(fault: { readonly kind: string }): fault is HostFault {
  return KINDS.has(fault.kind);
}

export function hostFault(entry: HostEntry): HostFault {
  const fromMs = entry.from_s * 1000;
  if (entry.kind === "clock-step") return { kind: entry.kind, fromMs, byMs: entry.by_s * 1000 };
  const toMs = entry.to_s * 1000;
  if (entry.kind === "disk-slow") return { kind: entry.kind, fromMs, toMs, lateMs: entry.late_s * 1000 };
  if (entry.kind === "host-restarts") {
    return { kind: entry.kind, fromMs, toMs, byMs: entry.by_s * 1000, reboots: entry.reboots };
  }
  if (entry.kind === "orders-end-cells") return { kind: entry.kind, fromMs, toMs, who: entry.who };
  return { kind: entry.kind, fromMs, toMs };
}

type Kill = "controller-kill" | "write-torn" | "host-restarts";

/** The controller is gone from its begin on, and started again at its end. */
export function killsController<Any extends { readonly kind: string }>(
  fault: Any,
): fault is Extract<Any, { readonly kind: Kill }> {
  return ["controller-kill", "write-torn", "host-restarts"].includes(fault.kind);
}

/** Whether people give orders that would make no sense. */
export function areOrders({ kind }: { readonly kind: string }): boolean {
  return kind.startsWith("orders-");
}

export type DiskFault = Extract<HostFault, { kind: `disk-${string}` }>;

export function isDiskFault(fault: { readonly kind: string }): fault is DiskFault {
  return fault.kind.startsWith("disk-");
}
