/** A protocol's steps as blocks, loops around their bodies, as a script language wants them. */
import type { Protocol, TechniqueStep } from "../../echem/protocol.ts";

export type ProtocolBlock =
  | { readonly kind: "technique"; readonly stepIndex: number; readonly step: TechniqueStep }
  /** `count` passes in all, two or more. */
  | { readonly kind: "loop"; readonly count: number; readonly blocks: readonly ProtocolBlock[] };

/** Loops nest (a protocol that was read has no others); a loop of one pass is its body. */
export function protocolBlocks({ steps }: Protocol): readonly ProtocolBlock[] {
  /** By where they begin: the loops' own places, the outermost last. */
  const loops = new Map<number, number[]>();
  steps.forEach((step, index) => {
    if (step.kind !== "loop") return;
    const places = loops.get(step.targetIndex);
    if (places === undefined) loops.set(step.targetIndex, [index]);
    else places.push(index);
  });

  function blocksBetween(from: number, to: number): readonly ProtocolBlock[] {
    const blocks: ProtocolBlock[] = [];
    let index = from;
    while (index < to) {
      const outermost = loops.get(index)?.findLast((place) => place < to);
      const step = steps[outermost ?? index];
      if (outermost !== undefined && step?.kind === "loop") {
        const body = blocksBetween(index, outermost);
        if (step.cycleCount > 1) blocks.push({ kind: "loop", count: step.cycleCount, blocks: body });
        else blocks.push(...body);
        index = outermost + 1;
        continue;
      }
      if (step !== undefined && step.kind !== "loop" && step.kind !== "tag")
        blocks.push({ kind: "technique", stepIndex: index, step });
      index += 1;
    }
    return blocks;
  }

  return blocksBetween(0, steps.length);
}

/** How deep the loops of a protocol lie inside each other. */
export function loopDepth(blocks: readonly ProtocolBlock[]): number {
  return blocks.reduce((depth, block) => Math.max(depth, block.kind === "loop" ? 1 + loopDepth(block.blocks) : 0), 0);
}
