/** The pages of docs/machines/ as text, so that a test can tell whether the committed ones are current. */
import { machineDiagram } from "./machine-diagram.ts";
import { allMachines } from "./machines.ts";

export interface MachinePage {
  readonly fileName: string;
  readonly text: string;
}

export function machinePages(): readonly MachinePage[] {
  return allMachines().map(({ name, about, machine }) => ({
    fileName: `${name}.md`,
    text: `# Machine: ${name}\n\n${about}\n\nDrawn by \`npm run diagrams\` from \`controller/machines/${name}-machine.ts\`.\n\n\`\`\`mermaid\n${machineDiagram(machine)}\n\`\`\`\n`,
  }));
}
