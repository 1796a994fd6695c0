import type { Environment } from "../../src/runtime/environment.ts";
import type { SimulatedProgram } from "../support/simulated_program.ts";

/**
 * Runs a remedy of `check` as an operator who pastes it, command for command, without a shell: what needs one, or systemd,
 * it refuses (tests/deploy/remedies_test.ts runs each).
 * @returns The environment afterwards: the line that `token` prints is put into it, as it says.
 */
export async function runRemedy(
  program: SimulatedProgram,
  text: string,
  environment: Environment,
): Promise<Environment> {
  let after = environment;
  for (const part of text.replace(/ {2}# .*$/, "").split(" && ")) {
    const [word = "", ...args] = part.split(" ").map((each) => each.replaceAll("'", ""));
    switch (word) {
      case "avwap-execution": {
        const { status, lines, error } = await program.run(args, after);
        if (status !== 0) throw new Error(`${part}: ${status} ${error} ${lines.join("\n")}`);
        const token = /^LIVE_CONFIRM_TOKEN=(\S+)$/m.exec(lines.join("\n"))?.[1];
        if (token !== undefined) after = { ...after, LIVE_CONFIRM_TOKEN: token };
        break;
      }
      case "chmod":
        await Deno.chmod(args[1] ?? "", parseInt(args[0] ?? "", 8));
        break;
      case "mv": {
        const [target, backup, from = "", to = ""] = args;
        if (target !== "-T" || backup !== "--backup=numbered") throw new Error(part);
        await moveOver(from, to);
        break;
      }
      case "mkdir":
        if (args.slice(0, 3).join(" ") !== "-m 700 -p") throw new Error(part);
        await Deno.mkdir(args[3] ?? "", { recursive: true, mode: 0o700 });
        break;
      default:
        throw new Error(`not a command of this host: ${part}`);
    }
  }
  return after;
}

/** As `mv -T --backup=numbered` does it: what is in the place gets a number. */
async function moveOver(from: string, to: string): Promise<void> {
  const names = [...Deno.readDirSync(to.slice(0, to.lastIndexOf("/")))].map(({ name }) => name);
  const name = to.slice(to.lastIndexOf("/") + 1);
  const number = 1 + names.filter((each) => each.startsWith(`${name}.~`)).length;
  if (names.includes(name)) await Deno.rename(to, `${to}.~${number}~`);
  await Deno.rename(from, to);
}
