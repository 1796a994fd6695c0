import { runOperator } from "../support/operator_run.ts";
import type { Printer } from "./printer.ts";

/** Lines of the log that are shown; the file has all. */
const SHOWN_LINES = 16;

/** The report and the log of the day, as the program's own commands write them, with their first lines. */
export async function showPages(
  dir: string,
  { stateDir, dateNy, nowMs, printer }: {
    readonly stateDir: string;
    readonly dateNy: string;
    readonly nowMs: number;
    readonly printer: Printer;
  },
): Promise<void> {
  const page = `${dir}/report.html`;
  const at = { nowMs };
  printer.heading("The evening");
  printer.say("The day as one page, for a browser, without scripts and without a network:");
  printer.command(`avwap-execution report --date ${dateNy} --out report.html`);
  await runOperator(["report", "--date", dateNy, "--out", page], stateDir, at);
  printer.lines(listHeadlines(await Deno.readTextFile(page)));
  const log = await runOperator(["log", "--date", dateNy], stateDir, at);
  await Deno.writeTextFile(`${dir}/log.txt`, log.out);
  printer.say("And as sentences, of which these are what was bought and sold:");
  printer.command(`avwap-execution log --date ${dateNy} --trades`);
  const trades = await runOperator(["log", "--date", dateNy, "--trades"], stateDir, at);
  printer.lines(trades.out.trimEnd().split("\n").slice(0, SHOWN_LINES));
}

/** What a reader of the page sees first: its headline and its list of what happened. */
function listHeadlines(html: string): string[] {
  const found = html.matchAll(/<h1>([\s\S]*?)<\/h1>|<li><b>([\s\S]*?)<\/li>/g);
  return [...found].map(([, headline, story]) => readText(headline ?? story ?? ""));
}

function readText(html: string): string {
  return html.replaceAll(/<[^>]*>/g, " ").replaceAll("&amp;", "&").replaceAll(/\s+/g, " ").trim();
}
