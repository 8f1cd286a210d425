/** Dark controls of other groups that share them, as one's own are compared with: capacities, and nobody's names. */
import { sharedControlRows } from "../../controller/export/summaries/shared-control-table.ts";
import { html, NONE, table, type Markup } from "./markup.ts";
import type { ReportInput } from "./report-input.ts";
import { figures, percent } from "./words.ts";

type Row = ReturnType<typeof sharedControlRows>[number];

/** Nothing where none are shared with the group. */
export function sharedControlSection({ report: { campaign } }: ReportInput): Markup {
  const rows = sharedControlRows(campaign);
  if (rows.length === 0) return NONE;
  const number = (value: Row[keyof Row], text: (value: number) => string): string =>
    typeof value === "number" ? text(value) : "-";
  return html`<section id="shared-controls">
    <h2>Shared dark controls</h2>
    <p>
      Cells of other groups, alike to some of these in chemistry, electrolyte, protocol and nominal capacity, cycled and
      never exposed. All groups concerned agreed; whose they are and where they lie is not told.
    </p>
    ${table<Row>(
      "Half cycles of the shared dark controls",
      [
        { head: "control", isHead: true, of: ({ control }) => String(control) },
        { head: "chemistry", of: ({ chemistry }) => String(chemistry) },
        { head: "electrolyte", of: ({ electrolyte }) => String(electrolyte) },
        { head: "half cycle", isNumber: true, of: (row) => String(row.half_cycle) },
        { head: "cycle", isNumber: true, of: ({ cycle }) => String(cycle) },
        { head: "direction", of: (row) => `${String(row.direction)}${row.whole === true ? "" : ", not whole"}` },
        { head: "capacity, mAh", isNumber: true, of: (row) => number(row.capacity_mAh, (value) => figures(value)) },
        { head: "efficiency", isNumber: true, of: (row) => number(row.coulombic_efficiency, (one) => percent(one, 2)) },
        { head: "state of health", isNumber: true, of: (row) => number(row.state_of_health, (one) => percent(one, 1)) },
      ],
      rows,
    )}
  </section>`;
}
