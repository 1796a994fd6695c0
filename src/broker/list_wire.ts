import { z } from "zod";

/**
 * A list of `row`s that is given up at the first one that is wrong. Why not `z.array`: that keeps an account of each, and a
 * small answer of rows that are all wrong would cost more memory than the process has.
 */
export function listWire<T>(row: z.ZodType<T>): z.ZodType<T[]> {
  return z.array(z.unknown()).transform((values, context) => {
    const rows: T[] = [];
    for (const [index, value] of values.entries()) {
      const parsed = row.safeParse(value);
      if (!parsed.success) {
        const path = parsed.error.issues[0]?.path ?? [];
        context.addIssue({ code: "custom", path: [index, ...path] });
        return z.NEVER;
      }
      rows.push(parsed.data);
    }
    return rows;
  });
}
