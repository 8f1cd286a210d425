/** A machine drawn from itself: Mermaid text of its states and transitions, and the same in words. */
import type { AnyStateMachine, AnyStateNode } from "xstate";

/**
 * A Mermaid `stateDiagram-v2` of every state and transition of the machine. Mermaid cannot draw an edge between the
 * insides of two composite states, so such an edge starts at the composite and its label names the inner state.
 */
export function machineDiagram(machine: AnyStateMachine): string {
  return ["stateDiagram-v2", ...stateLines(machine.root, 1)].join("\n");
}

function stateLines(node: AnyStateNode, depth: number): string[] {
  const pad = "  ".repeat(depth);
  const lines: string[] = [];
  const children = Object.values(node.states);
  const initial = node.initial.target[0];
  if (node.type === "compound" && initial !== undefined) lines.push(`${pad}[*] --> ${idOf(initial)}`);
  children.forEach((child, index) => {
    if (node.type === "parallel" && index > 0) lines.push(`${pad}--`);
    if (Object.keys(child.states).length > 0) {
      lines.push(`${pad}state "${child.key}" as ${idOf(child)} {`, ...stateLines(child, depth + 1), `${pad}}`);
    } else {
      lines.push(`${pad}${idOf(child)} : ${child.key}${child.tags.length > 0 ? ` (${child.tags.join(", ")})` : ""}`);
    }
    if (child.type === "final") lines.push(`${pad}${idOf(child)} --> [*]`);
  });
  for (const child of descendants(node)) lines.push(...transitionLines(child, node, pad));
  return lines;
}

function descendants(node: AnyStateNode): AnyStateNode[] {
  return Object.values(node.states).flatMap((child) => [child, ...descendants(child)]);
}

/** The child of `parent` on the way down to `node`, or undefined when `node` is not below `parent`. */
function childTowards(parent: AnyStateNode, node: AnyStateNode): AnyStateNode | undefined {
  for (let at: AnyStateNode | undefined = node; at !== undefined; at = at.parent) if (at.parent === parent) return at;
  return undefined;
}

/** Edges out of `node` that are to be drawn at the level of `level`: those whose ends meet first below it. */
function transitionLines(node: AnyStateNode, level: AnyStateNode, pad: string): string[] {
  const lines: string[] = [];
  const all = [...node.transitions.entries()].flatMap(([event, list]) => list.map((item) => ({ event, item })));
  for (const item of node.always ?? []) all.push({ event: "", item });
  for (const { event, item } of all) {
    for (const target of item.target ?? []) {
      const from = childTowards(level, node);
      const to = childTowards(level, target);
      const isInside = from === to && from !== undefined && node !== from && target !== from;
      if (from === undefined || to === undefined || isInside) continue;
      const guard = guardName(item.guard);
      const inner = from === node ? "" : `${node.path.slice(from.path.length).join(".")}:`;
      const label = [inner, eventName(event), guard === "" ? "" : `[${guard}]`].filter((part) => part !== "").join(" ");
      lines.push(`${pad}${idOf(from)} --> ${idOf(to)}${label === "" ? "" : ` : ${label}`}`);
    }
  }
  return lines;
}

function idOf(node: AnyStateNode): string {
  return [node.machine.id, ...node.path].join("_").replaceAll("-", "_");
}

function eventName(event: string): string {
  if (event.startsWith("xstate.done.actor.")) return "done";
  if (event.startsWith("xstate.error.actor.")) return "failed";
  if (event.startsWith("xstate.done.state.")) return "all done";
  return event;
}

function guardName(guard: unknown): string {
  if (typeof guard === "function" && "guards" in guard && Array.isArray(guard.guards))
    return guard.guards.map(guardName).join(" and ");
  if (typeof guard === "string") return guard;
  if (typeof guard === "object" && guard !== null && "type" in guard && typeof guard.type === "string")
    return guard.type;
  return typeof guard === "function" ? "condition" : "";
}
