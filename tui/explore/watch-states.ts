/** Which states the controller's machines have been in: how often each was entered. */
import type { CampaignRun } from "../../controller/run/campaign-run.ts";

interface Watched {
  subscribe(observer: { next: (snapshot: unknown) => void; error: () => void }): unknown;
  getSnapshot(): unknown;
}

/** Counts into `entered`, by `machine.state`. */
export function watchStates(run: CampaignRun, entered: Map<string, number>): void {
  const known = new Set<string>();
  watch("campaign", run.actor, (children) => {
    for (const [id, child] of Object.entries(children)) {
      const name = /^(cell|link|exposure|supervisor)\b/.exec(id)?.[1];
      if (name === undefined || known.has(id) || !isWatched(child)) continue;
      known.add(id);
      watch(name, child, () => undefined);
    }
  });

  function watch(name: string, actor: Watched, withChildren: (children: object) => void): void {
    let before = new Set<string>();
    const look = (snapshot: unknown): void => {
      const { value, children } = snapshot as { readonly value?: unknown; readonly children?: object };
      const now = new Set(pathsOf(value, name));
      for (const path of now) if (!before.has(path)) entered.set(path, (entered.get(path) ?? 0) + 1);
      before = now;
      if (children !== undefined) withChildren(children);
    };
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
