// A table drawn with box characters, as the `rich` package of Python lays it out, which draws Keras's summaries.
import { roundHalfEven } from '../base/format.js';

/** A column: its header, where its text stands, and how many characters are asked for it. */
export interface Column {
  readonly header: string;
  readonly align: 'left' | 'center' | 'right';
  readonly width: number;
}

/** Widths of the columns without their padding, so that the whole table is `total` wide: all give or take alike. */
function fitWidths(columns: readonly Column[], total: number): number[] {
  const available = total - columns.length - 1; // the lines between
  const widths = columns.map(({ width }) => width + 2); // a space on both sides
  let excess = widths.reduce((a, b) => a + b, 0) - available;
  if (excess >= 0) {
    return widths.map((width, i) => {
      const taken = Math.min(width, roundHalfEven(excess / (widths.length - i)));
      excess -= taken;
      return width - taken - 2;
    });
  }
  let missing = -excess;
  let ratio = available - missing;
  return widths.map((width) => {
    const added = Math.ceil((width * missing) / ratio);
    ratio -= width;
    missing -= added;
    return width + added - 2;
  });
}

/** Splits text at words into lines; a word that is longer than a line keeps its beginning and an ellipsis. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const [word] of text.matchAll(/\s*\S+\s*/g)) {
    if (line !== '' && line.length + word.trimEnd().length > width) {
      lines.push(line);
      line = '';
    }
    line += word;
  }
  return [...lines, line].map((full) => {
    const kept = full.trimEnd();
    return kept.length > width ? `${kept.slice(0, width - 1)}…` : kept;
  });
}

function aligned(line: string, align: Column['align'], width: number): string {
  if (align === 'left') return line.padEnd(width);
  if (align === 'right') return line.padStart(width);
  return line.padStart(line.length + Math.floor((width - line.length) / 2)).padEnd(width);
}

/** The lines of one row. Headers stand at the bottom of their row, other cells at the top. */
function renderRow(
  cells: readonly string[],
  columns: readonly Column[],
  widths: readonly number[],
  bar: string,
  atBottom: boolean,
): string[] {
  const wrapped = cells.map((cell, i) => wrap(cell, widths[i]!));
  const height = Math.max(...wrapped.map((lines) => lines.length));
  return Array.from({ length: height }, (_, row) => {
    const parts = wrapped.map(
      (lines, i) => ` ${aligned(lines[atBottom ? row - height + lines.length : row] ?? '', columns[i]!.align, widths[i]!)} `,
    );
    return `${bar}${parts.join(bar)}${bar}`;
  });
}

/** The lines of a table of `total` characters in width, with a line between any two rows. */
export function renderTable(columns: readonly Column[], rows: readonly (readonly string[])[], total: number): string[] {
  const widths = fitWidths(columns, total);
  const rule = ([left, line, cross, right]: readonly [string, string, string, string]) =>
    `${left}${widths.map((w) => line.repeat(w + 2)).join(cross)}${right}`;
  const body = rows.flatMap((cells, i) => [
    ...(i === 0 ? [] : [rule(['├', '─', '┼', '┤'])]),
    ...renderRow(cells, columns, widths, '│', false),
  ]);
  return [
    rule(['┏', '━', '┳', '┓']),
    ...renderRow(columns.map(({ header }) => header), columns, widths, '┃', true),
    rule(['┡', '━', '╇', '┩']),
    ...body,
    rule(['└', '─', '┴', '┘']),
  ];
}
