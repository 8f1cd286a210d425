/** The rack as it stands, and its cells as a table. */
import type { CellFacts } from "../../controller/report/cell-facts.ts";
import { COLUMN_COUNT, placeOf, positionAt, ROW_COUNT } from "../../protocols/base/position.ts";
import { html, joined, NONE, raw, table, type Column, type Markup } from "./markup.ts";
import { SCALE_STEPS } from "./page-style.ts";
import type { ReportInput } from "./report-input.ts";
import { figures, grayText, momentText, percent, percentUp, STATE_WORDS } from "./words.ts";

const KINDS = ["dose", "capacity", "state"] as const;
const KIND_WORDS = { dose: "dose, of its limit", capacity: "last capacity, mAh", state: "state" } as const;

export function rackSection({ report }: ReportInput): Markup {
  const { cells, campaign } = report;
  // Of a place that had several in turn the last.
  const byPosition = new Map<string, CellFacts>(cells.map((one) => [placeOf(one.cell.position), one]));
  const capacities = cells.flatMap(capacityMah);
  const doses = cells.flatMap(({ dose }) => (dose === null ? [] : [dose.highestGy]));
  const hasLimits = cells.some(({ dose }) => dose?.limitFraction != null);
  const ranges = {
    capacity: { from: Math.min(...capacities, Infinity), to: Math.max(...capacities, -Infinity) },
    dose: { from: 0, to: hasLimits ? 1 : Math.max(...doses, 0) },
  };
  const choices = KINDS.map(
    (kind) =>
      html`<input
          type="radio"
          name="rack-kind"
          class="choose-input by-${kind}"
          id="by-${kind}"
          ${raw(kind === "dose" ? " checked" : "")}
        /><label class="choose" for="by-${kind}">${KIND_WORDS[kind]}</label>`,
  );
  const head = Array.from({ length: COLUMN_COUNT }, (_, column) => html`<th scope="col">${column + 1}</th>`);
  const rows = Array.from({ length: ROW_COUNT }, (_, row) => {
    const places = Array.from({ length: COLUMN_COUNT }, (_, column) =>
      placeCell(byPosition.get(positionAt(row * COLUMN_COUNT + column)), ranges, hasLimits),
    );
    return html`<tr>
      <th scope="row">${String.fromCharCode(65 + row)}</th>
      ${places}
    </tr> `;
  });
  const signs = [...new Set(cells.map(({ state }) => state))].map(
    (state) => `${STATE_WORDS[state].sign} ${STATE_WORDS[state].text}`,
  );
  const steps = Array.from({ length: SCALE_STEPS }, (_, step) => html`<i class="q${step}"></i>`);
  const others = campaign.group === null ? "" : " Places of other groups are left empty.";
  return html`<section id="rack">
    <h2>Rack</h2>
    <p class="faint">${signs.join(", ")}; a dashed edge marks cells that were given up.${others}</p>
    <div class="scroll" tabindex="0" role="region" aria-label="Rack map">
      ${joined(choices, "")}
      <table class="rack">
        <caption>
          Cells where they stand; each leads to its own plots
        </caption>
        <thead>
          <tr>
            <td></td>
            ${head}
          </tr>
        </thead>
        <tbody>
          ${rows}
        </tbody>
      </table>
    </div>
    <p class="scale" aria-hidden="true">
      little ${steps} much: dose from 0 to
      ${hasLimits ? "100 % of the limit" : grayText(ranges.dose.to)}${capacities.length === 0 ? "" : `, capacity from ${figures(ranges.capacity.from, 3)} to ${figures(ranges.capacity.to, 3)} mAh`}
    </p>
    ${cellTable(report.cells, campaign.clock.startMs)}
  </section>`;
}

interface Ranges {
  readonly capacity: { readonly from: number; readonly to: number };
  readonly dose: { readonly from: number; readonly to: number };
}

function placeCell(facts: CellFacts | undefined, { capacity, dose }: Ranges, hasLimits: boolean): Markup {
  if (facts === undefined) return html`<td></td>`;
  const { cell, state } = facts;
  const [mah] = capacityMah(facts);
  const given = hasLimits ? facts.dose?.limitFraction : facts.dose?.highestGy;
  const doseClass = given == null ? "" : ` d${stepOf(given, dose)}`;
  const capacityClass = mah === undefined ? "" : ` c${stepOf(mah, capacity)}`;
  const fraction = facts.dose?.limitFraction;
  const doseText =
    hasLimits && fraction != null ? percentUp(fraction).replace(" %", "") : figures(facts.dose?.highestGy, 3);
  const unit = hasLimits && fraction != null ? html`<span class="unit"> %</span>` : NONE;
  const { sign, text } = STATE_WORDS[state];
  return html`<td class="s-${state}${doseClass}${capacityClass}">
    <a href="#cell-${cell.position}"
      ><b>${cell.position}</b><span class="dose">${doseText}${unit}</span
      ><span class="capacity">${figures(mah, 3)}</span
      ><span class="state"><span aria-hidden="true">${sign}</span> <span class="word">${text}</span></span></a
    >
  </td>`;
}

function stepOf(value: number, { from, to }: { readonly from: number; readonly to: number }): number {
  const part = to > from ? (value - from) / (to - from) : 0;
  return Math.min(SCALE_STEPS - 1, Math.max(0, Math.floor(part * SCALE_STEPS)));
}

function capacityMah({ lastDischargeAh, lastHalf }: CellFacts): readonly number[] {
  const ah = lastDischargeAh ?? lastHalf?.capacityAh ?? null;
  return ah === null ? [] : [1000 * ah];
}

/** What all cells have in common is said once. */
function cellTable(cells: readonly CellFacts[], startMs: number): Markup {
  const words: readonly Column<CellFacts>[] = [
    { head: "group", isShort: true, of: ({ cell }) => cell.group },
    { head: "chemistry, electrolyte", of: ({ cell }) => `${cell.chemistry}, ${cell.electrolyte}` },
    { head: "protocol", isShort: true, of: ({ cell }) => cell.protocolName },
    { head: "role", isShort: true, of: ({ cell }) => cell.role },
  ];
  const told = words.map((column) => ({ column, texts: new Set(cells.map((one) => textOf(column.of(one)))) }));
  const alike = told.filter(({ texts }) => texts.size === 1);
  const common = alike.map(({ column, texts }) => `${column.head} ${[...texts].join("")}`);
  const columns: readonly Column<CellFacts>[] = [
    { head: "cell", isHead: true, of: ({ cell }) => html`<a href="#cell-${cell.position}">${cell.position}</a>` },
    { head: "barcode", isShort: true, of: ({ cell }) => cell.barcode },
    ...told.filter(({ texts }) => texts.size > 1).map(({ column }) => column),
    { head: "state", isShort: true, of: ({ state }) => STATE_WORDS[state].text },
    { head: "ended, UTC", isShort: true, of: ({ endMs }) => momentText(startMs, endMs).slice(0, 16) },
    { head: "cycle", isNumber: true, of: ({ cycle }) => String(cycle) },
    { head: "first, mAh", isNumber: true, of: (one) => mahText(one.firstDischargeAh) },
    { head: "last, mAh", isNumber: true, of: (one) => mahText(one.lastDischargeAh) },
    { head: "kept", isNumber: true, of: ({ retention }) => percent(retention, 1) },
    { head: "efficiency", isNumber: true, of: ({ lastEfficiency }) => percent(lastEfficiency, 2) },
    { head: "exposures", isNumber: true, of: ({ dose }) => String(dose?.exposures ?? 0) },
    { head: "dose", isNumber: true, of: ({ dose }) => (dose === null ? "none" : grayText(dose.highestGy)) },
    { head: "of limit", isNumber: true, of: ({ dose }) => percentUp(dose?.limitFraction) },
  ];
  const caption = `Cells: what each did, gave and was given${common.length === 0 ? "" : `; of all: ${common.join("; ")}`}`;
  return table<CellFacts>(caption, columns, cells);
}

function textOf(content: string | Markup): string {
  return typeof content === "string" ? content : content.markup;
}

function mahText(ah: number | null): string {
  return ah === null ? "-" : (1000 * ah).toFixed(3);
}
