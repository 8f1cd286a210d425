/** HTML as text that cannot be broken out of: whatever is put into a template is escaped, unless it is markup itself. */

export interface Markup {
  readonly markup: string;
}

type Part = string | number | Markup | readonly Markup[];

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
/** Signs that no text needs, halves of signs, and those that turn the order of what follows them. */
const UNWANTED = /[\p{Cc}\p{Cs}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

export const NONE: Markup = { markup: "" };

/** For text and for attributes in quotes. */
export function escapedText(text: string): string {
  return text
    .replace(UNWANTED, (sign) => (sign === "\n" || sign === "\t" ? " " : "\ufffd"))
    .replace(/[&<>"']/g, (sign) => ESCAPES[sign] ?? sign);
}

/** html`<td>${name}</td>`: attributes stand in quotes. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  let markup = strings[0] ?? "";
  for (const [index, part] of parts.entries()) markup += markupOf(part) + (strings[index + 1] ?? "");
  return { markup };
}

function markupOf(part: Part): string {
  if (typeof part === "string") return escapedText(part);
  if (typeof part === "number") return String(part);
  if ("markup" in part) return part.markup;
  return part.map((one) => one.markup).join("");
}

/** Of markup that is made here and holds nothing from outside. */
export function raw(markup: string): Markup {
  return { markup };
}

export function joined(parts: readonly Markup[], between = "\n"): Markup {
  return { markup: parts.map(({ markup }) => markup).join(between) };
}

export interface Column<Row> {
  readonly head: string;
  /** Numbers stand to the right. */
  readonly isNumber?: boolean;
  /** Short words that are not broken. */
  readonly isShort?: boolean;
  /** Names the row. */
  readonly isHead?: boolean;
  readonly of: (row: Row) => string | Markup;
}

/** A table that scrolls by itself where the screen is narrow; a caption names it. */
export function table<Row>(caption: string, columns: readonly Column<Row>[], rows: readonly Row[]): Markup {
  const head = columns.map(({ head: text, isNumber }) =>
    isNumber === true ? html`<th scope="col" class="n">${text}</th>` : html`<th scope="col">${text}</th>`,
  );
  const body = rows.map(
    (row) =>
      html`<tr>
        ${columns.map((column) => cellOf(column, row))}
      </tr> `,
  );
  return html`<p class="cap" aria-hidden="true">${caption}</p>
    <div class="scroll" tabindex="0" role="region" aria-label="${caption}">
      <table aria-label="${caption}">
        <thead>
          <tr>
            ${head}
          </tr>
        </thead>
        <tbody>
          ${body}
        </tbody>
      </table>
    </div>`;
}

function cellOf<Row>({ isNumber, isShort, isHead, of }: Column<Row>, row: Row): Markup {
  const content = of(row);
  if (isHead === true) return html`<th scope="row">${content}</th>`;
  if (isShort === true) return html`<td class="k">${content}</td>`;
  return isNumber === true ? html`<td class="n">${content}</td>` : html`<td>${content}</td>`;
}

export function details(summary: string, content: Markup): Markup {
  return html`<details>
    <summary>${summary}</summary>
    ${content}
  </details>`;
}

export function section(id: string, title: string, content: Markup): Markup {
  return html`<section id="${id}">
    <h2>${title}</h2>
    ${content}
  </section>`;
}
