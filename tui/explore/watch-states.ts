/** Which states the controller's machines have been in: how often each was entered. */
import type { CampaignRun } from "../../controller/run/campaign-run.ts";

interface StateNode {
  /** Ways out that are taken at once. */
  readonly always?: readonly unknown[];
  readonly states: Readonly<Record<string, StateNode>>;
}

interface Watched {
  readonly logic?: { readonly root?: StateNode };
  subscribe(observer: { next: (snapshot: unknown) => void; error: () => void }): unknown;
  getSnapshot(): unknown;
}

/** Counts into `entered`, by `machine.state`; those never entered of a machine that was there count 0. */
export function watchStates(run: CampaignRun, entered: Map<string, number>): void {
  const known = new Set<string>();
  const machines = new Set<string>();
  let lastChildren: object | undefined;
  watch("campaign", run.actor, (children) => {
    // The machine gives a new object whenever somebody comes or goes.
    if (children === lastChildren) return;
    lastChildren = children;
    for (const [id, child] of Object.entries(children)) {
      if (known.has(id)) continue;
      known.add(id);
      const name = /^(cell|link|exposure|supervisor)\b/.exec(id)?.[1];
      if (name === undefined || !isWatched(child)) continue;
      watch(name, child, () => undefined);
    }
  });

  function watch(name: string, actor: Watched, withChildren: (children: object) => void): void {
    if (!machines.has(name)) {
      machines.add(name);
      for (const path of leavesOf(actor.logic?.root, name)) if (!entered.has(path)) entered.set(path, 0);
    }
    let before: readonly string[] = [];
    let valueBefore: unknown;
    const look = (snapshot: unknown): void => {
      const { value, children } = snapshot as { readonly value?: unknown; readonly children?: object };
      if (value !== valueBefore) {
        valueBefore = value;
        const now = pathsOf(value, name);
        for (const path of now) if (!before.includes(path)) entered.set(path, (entered.get(path) ?? 0) + 1);
        before = now;
      }
      if (children !== undefined) withChildren(children);
    };
    // A machine begins somewhere, before anybody can listen.
    look(actor.getSnapshot());
    // Whoever runs it hears of errors.
    actor.subscribe({ next: look, error: () => undefined });
  }
}

function isWatched(child: unknown): child is Watched {
  return typeof child === "object" && child !== null && "subscribe" in child;
}

/** Every leaf of a state's value. */
function pathsOf(value: unknown, name: string): readonly string[] {
  if (typeof value === "string") return [`${name}.${value}`];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, `${name}.${key}`));
}

/** Every state without states in it, but for those that are left in the step that enters them: nobody ever sees a machine there. */
function leavesOf(node: StateNode | undefined, name: string): readonly string[] {
  if ((node?.always ?? []).length > 0) return [];
  const inner = Object.entries(node?.states ?? {});
  return inner.length === 0 ? [name] : inner.flatMap(([key, state]) => leavesOf(state, `${name}.${key}`));
}
