import { type Markup, markup } from "./markup.ts";

/** Rows that a table shows; the rest is counted. */
const ROWS_MAX = 200;

/** A column of a table: its head, whether it holds numbers, and its cell for a row. */
export interface Column<Row> {
  readonly head: string;
  readonly isNumber?: boolean;
  readonly cell: (row: Row) => Markup | string;
}

/** So many columns of numbers beside the row's head have room on a phone. */
const NARROW_COLUMNS_MAX = 5;

/**
 * The first column is the row's head. On a phone each row becomes a card whose cells carry their column's name, where it
 * has more than a few numbers.
 */
export function buildTable<Row>(
  caption: string,
  rows: readonly Row[],
  columns: readonly Column<Row>[],
): Markup {
  const shown = rows.slice(0, ROWS_MAX);
  const isNarrow = columns.length <= NARROW_COLUMNS_MAX &&
    columns.slice(1).every(({ isNumber }) => isNumber === true);
  return markup`
    <table class="${isNarrow ? "narrow-table" : "cards"}">
      <caption>
        <h2>${caption}</h2>
      </caption>
      <thead>
        <tr>${
    columns.map(({ head, isNumber }) =>
      markup`
            <th scope="col" ${
        isNumber
          ? markup`
                class="n"
              `
          : null
      }>${head}</th>
          `
    )
  }</tr>
      </thead>
      <tbody>${
    shown.map((row) =>
      markup`<tr>${
        columns.map(({ head, isNumber, cell }, index) =>
          index === 0 ? markup`<th scope="row">${keepTime(cell(row))}</th>` : markup`
              <td data-label="${head}" ${
            isNumber
              ? markup`
                  class="n"
                `
              : null
          }>${keepTime(cell(row))}</td>
            `
        )
      }</tr>`
    )
  }</tbody>
    </table>${
    rows.length > shown.length
      ? markup`<p class="note">and ${rows.length - shown.length} more</p>`
      : null
  }
  `;
}

/** A moment stays on one line, whatever stands beside it. */
function keepTime(cell: string | Markup): string | Markup {
  const isTime = typeof cell === "string" && /^\d\d:\d\d(:\d\d)?$/.test(cell);
  return isTime ? markup`<span class="tag">${cell}</span>` : cell;
}
