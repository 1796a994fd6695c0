import axe from "axe-core";
import { z } from "zod";
import { Browser, BrowserMissing, type Look } from "./browser.ts";
import { listReportCases, type ReportCase } from "./days.ts";

const LOOKS: readonly Look[] = [
  { width: 390, scheme: "light" },
  { width: 390, scheme: "dark" },
  { width: 1280, scheme: "light" },
  { width: 1280, scheme: "dark" },
];

const WidthWire = z.object({
  scroll: z.number(),
  title: z.string(),
  scripts: z.number(),
  cut: z.array(z.string()),
  overlapping: z.array(z.string()),
  broken: z.array(z.string()),
});
const AxeWire = z.object({
  violations: z.array(z.object({
    id: z.string(),
    impact: z.string().nullable(),
    help: z.string(),
    nodes: z.array(z.object({ html: z.string() })),
  })),
});

/** What the page itself knows of its width, of scripts that ran, and of texts that stand out of their drawing or on another. */
const MEASURE = `({
  scroll: document.documentElement.scrollWidth,
  title: document.title,
  scripts: document.scripts.length,
  cut: [...document.querySelectorAll("svg text")].filter((text) => {
    const own = text.getBoundingClientRect(), svg = text.ownerSVGElement.getBoundingClientRect();
    return own.width > 0 && (own.left < svg.left - 12 || own.right > svg.right + 2);
  }).map((text) => text.textContent),
  overlapping: [...document.querySelectorAll("svg")].flatMap((svg) => {
    const texts = [...svg.querySelectorAll("text")].map((text) => ({
      words: text.textContent, box: text.getBoundingClientRect(),
    })).filter(({ words, box }) => words.trim() !== "" && box.width > 0);
    return texts.flatMap((a, index) => texts.slice(index + 1).filter((b) =>
      a.box.left < b.box.right - 1 && b.box.left < a.box.right - 1 &&
      a.box.top + 3 < b.box.bottom - 3 && b.box.top + 3 < a.box.bottom - 3
    ).map((b) => a.words + " / " + b.words));
  }),
  broken: [...document.querySelectorAll("th, td")].filter((cell) => {
    const words = document.createRange();
    words.selectNodeContents(cell);
    const tops = [...words.getClientRects()].map(({ top }) => top);
    return /^\\d\\d:\\d\\d(:\\d\\d)?$/.test(cell.textContent.trim()) &&
      Math.max(...tops) - Math.min(...tops) > 8;
  }).map((cell) => cell.textContent.trim()),
})`;

const RUN_AXE = `axe.run(document, { resultTypes: ["violations"] })
  .then(({ violations }) => ({ violations }))`;

/** What is wrong with a page at one look; empty where nothing is. */
async function listProblems(browser: Browser, path: string, look: Look): Promise<string[]> {
  await browser.show(path, look);
  const { scroll, title, scripts, cut, overlapping, broken } = WidthWire.parse(
    await browser.evaluate(MEASURE),
  );
  const problems = [
    ...cut.map((text) => `"${text}" stands out of its drawing`),
    ...broken.map((time) => `the time ${time} stands on two lines`),
    ...overlapping.map((texts) => `printed over each other: ${texts}`),
  ];
  if (scroll > look.width) problems.push(`it is ${scroll} px wide`);
  if (scripts > 0 || title === "broken") problems.push("it holds a script");
  await browser.evaluate(`${axe.source}; 1`);
  const { violations } = AxeWire.parse(await browser.evaluate(RUN_AXE));
  for (const { id, impact, help, nodes } of violations) {
    if (impact !== "serious" && impact !== "critical") continue;
    problems.push(`axe ${impact} ${id}: ${help}: ${nodes[0]?.html.slice(0, 160) ?? ""}`);
  }
  return problems;
}

async function checkCase(
  browser: Browser,
  { name, page }: ReportCase,
  dir: string,
): Promise<number> {
  const path = `${dir}/${name}.html`;
  await Deno.writeTextFile(path, page);
  let failed = 0;
  for (const look of LOOKS) {
    const problems = await listProblems(browser, path, look);
    const label = `${name} at ${look.width} px, ${look.scheme}`;
    await Deno.writeFile(
      `${dir}/${name}-${look.width}-${look.scheme}.png`,
      await browser.capture(),
    );
    say(problems.length === 0 ? `ok      ${label}` : `FAILED  ${label}`);
    for (const problem of problems) say(`        ${problem}`);
    failed += problems.length === 0 ? 0 : 1;
  }
  return failed;
}

function say(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

/**
 * Looks at the reports of whole days in a real browser: no overflow at 390 and 1280 pixels, light and dark, and nothing
 * serious that axe-core finds. Leaves pages and pictures behind for the eye.
 * @returns The exit status: 0, 1 where a page fails, 69 where there is no browser to look with.
 */
async function main(program: string): Promise<number> {
  try {
    const browser = await Browser.start(program);
    const dir = await Deno.makeTempDir({ prefix: "avwap-report-" });
    let failed = 0;
    let looks = 0;
    try {
      for (const each of await listReportCases()) {
        failed += await checkCase(browser, each, dir);
        looks += LOOKS.length;
      }
    } finally {
      await browser.close();
    }
    say(`pages and pictures: ${dir}`);
    say(`${looks - failed} passed, ${failed} failed`);
    return failed === 0 ? 0 : 1;
  } catch (error) {
    if (!(error instanceof BrowserMissing)) throw error;
    say(`SKIPPED, nothing was checked: ${error.message}`);
    return 69;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args[0] ?? "chromium"));
