import { AccountActs } from "./account_acts.ts";
import { FileActs, restart } from "./file_acts.ts";
import { buildListCsv } from "./market.ts";
import { findOwner } from "./truth.ts";
import { KEY_ID, KILL_PATH, LIST_PATH, SECRET_KEY, TOKEN_PATH, type World } from "./world.ts";

const MINUTE_MS = 60_000;

/** Long ones mostly: each due intent is a cycle, and time is short. */
const DELAYS_SECONDS = [["60", "240"], ["600", "900"], ["600", "1200"], ["900", "1500"]] as const;

/** What turns LIVE off, and on again. */
const SWITCHES = [
  ["DRY_RUN", "1", ""],
  ["DRY_RUN", "1", ""],
  ["KILL_SWITCH", "1", ""],
  ["LIVE_TRADING", "", "1"],
] as const;
const OTHER_ACCOUNT = "9f1c2d34-0000-4000-8000-00000000b002";

/** What an operator, a scan and somebody else with the account's keys do to a run. */
export class Operator {
  readonly #files: FileActs;
  readonly #account: AccountActs;

  constructor(readonly world: World) {
    this.#files = new FileActs(world);
    this.#account = new AccountActs(world);
  }

  /** The service as it is installed: keys, caps, list; mostly LIVE. */
  install(): void {
    const { world } = this;
    const { mood } = world.chances;
    const token = Array.from({ length: 32 }, () => mood.whole(0, 15).toString(16)).join("");
    const [minSeconds, maxSeconds] = mood.pick(DELAYS_SECONDS);
    world.settings = {
      LIVE_TRADING: "1",
      LIVE_CONFIRM_TOKEN: token,
      APCA_API_KEY_ID: KEY_ID,
      APCA_API_SECRET_KEY: SECRET_KEY,
      AVWAP_STATE_DIR: "/state",
      WATCHLIST_FILE: LIST_PATH,
      EXECUTION_POLL_SECONDS: String(mood.pick([300, 900, 900, 1800])),
      ENTRY_DELAY_MIN_SECONDS: minSeconds,
      ENTRY_DELAY_MAX_SECONDS: maxSeconds,
      ALPACA_DATA_FEED: mood.pick(["auto", "sip", "iex"]),
      DRY_RUN: mood.isHit(0.05) ? "1" : "",
    };
    this.setLimits();
    world.disk.put(TOKEN_PATH, `${token}\n`);
    for (const day of world.days) {
      world.plan(day.openMs - 40 * MINUTE_MS, () => this.#scan(day.dateNy));
      world.plan(day.openMs + 1, () => this.#beginDay(day.openMs, day.closeMs));
    }
    this.#account.start();
  }

  /** Caps and allowlist, drawn anew. */
  setLimits(): void {
    const { world } = this;
    const { mood } = world.chances;
    Object.assign(world.settings, {
      MAX_LIVE_ORDERS_PER_DAY: String(mood.pick(["", 1, 2, 3, 5, 8])),
      MAX_LIVE_POSITIONS: String(mood.pick(["", 1, 3, 5, 5])),
      MAX_LIVE_GROSS_NOTIONAL: String(mood.pick(["", 4000, 9000, 20000])),
      MAX_LIVE_NOTIONAL_PER_SYMBOL: String(mood.pick([2500, 2500, 2500, 2500, 6000, ""])),
      ALLOWLIST_SYMBOLS: mood.isHit(0.15) ? "AAA,BBB" : "",
    });
  }

  #scan(dateNy: string): void {
    const { world } = this;
    const { operator } = world.chances;
    const isOff = world.profile.families.has("operator") && operator.isHit(0.1);
    const csv = buildListCsv(world.market.lists.get(dateNy) ?? []);
    if (isOff) {
      world.trouble(`scan is late or wrong on ${dateNy}`);
      if (operator.isHit(0.5)) world.disk.put(LIST_PATH, csv.replace("Target_R2", "Target"));
      world.plan(world.trueMs + operator.whole(30, 200) * MINUTE_MS, () => {
        world.disk.put(LIST_PATH, csv);
        world.trouble("scan is put right");
      });
      return;
    }
    world.disk.put(LIST_PATH, csv);
    world.note(`scan of ${dateNy}`);
  }

  /** Draws the day's acts and their times. */
  #beginDay(openMs: number, closeMs: number): void {
    const { world } = this;
    const { families, intensity } = world.profile;
    const { operator } = world.chances;
    const draw = (isOn: boolean, perDay: number, act: () => void) => {
      if (!isOn) return;
      for (let at = 0; at < Math.ceil(perDay * intensity); at++) {
        if (!operator.isHit(0.7)) continue;
        world.plan(openMs + operator.uniform() * (closeMs - openMs), act);
      }
    };
    draw(families.has("operator"), 2, () => this.#act());
    draw(families.has("files"), 1, () => this.#files.touch());
    draw(families.has("account"), 1.5, () => this.#account.touch());
    draw(families.has("clock"), 1.5, () => this.#jumpClock());
    draw(families.has("crash") || operator.isHit(0.3), 1, () => restart(this.world));
  }

  /** In the middle of a cycle, between a question and its answer: the kill switch, or a hand in the files. */
  meddle(): void {
    const { world } = this;
    const { families, intensity } = world.profile;
    const { operator } = world.chances;
    if (world.exchange.sessions.at(world.trueMs) === null) return;
    if (families.has("operator") && operator.isHit(0.004 * intensity)) this.#kill();
    if (families.has("operator") && operator.isHit(0.001 * intensity)) this.#changeToken();
    if (families.has("files") && operator.isHit(0.001 * intensity)) this.#files.touch();
  }

  #kill(): void {
    const { world } = this;
    const { operator } = world.chances;
    world.trouble("operator kill switch on");
    operator.isHit(0.8) ? world.disk.put(KILL_PATH, "") : world.disk.putOther(KILL_PATH, "dir");
    world.isKillUnreadable = world.profile.families.has("disk") && operator.isHit(0.4);
    world.plan(world.trueMs + operator.pick([1, 3, 15, 60]) * MINUTE_MS, () => {
      world.disk.take(KILL_PATH);
      world.isKillUnreadable = false;
      world.trouble("operator kill switch off");
    });
  }

  #changeToken(): void {
    const { world } = this;
    const { operator } = world.chances;
    world.trouble("operator token changed");
    world.disk.put(TOKEN_PATH, operator.pick(["", " ", "another-token-than-this"]));
    world.plan(world.trueMs + operator.whole(1, 120) * MINUTE_MS, () => {
      world.disk.put(TOKEN_PATH, world.settings["LIVE_CONFIRM_TOKEN"] ?? "");
      world.trouble("operator token put back");
    });
  }

  #act(): void {
    const { world } = this;
    const { operator } = world.chances;
    const laterMs = world.trueMs + operator.whole(1, 120) * MINUTE_MS;
    switch (operator.pick(["kill", "kill", "token", "limits", "off", "list", "account"])) {
      case "kill":
        return this.#kill();
      case "token":
        return this.#changeToken();
      case "limits":
        world.trouble("operator restarts with other limits");
        return this.#restartWith(() => this.setLimits());
      case "off": {
        const [name, off, on] = operator.pick(SWITCHES);
        world.trouble(`operator restarts with ${name}=${off}`);
        world.plan(laterMs, () => this.#restartWith(() => void (world.settings[name] = on)));
        return this.#restartWith(() => void (world.settings[name] = off));
      }
      case "account": {
        // The keys of another account: its positions and orders do not matter, for nothing may be done with them.
        if (findOwner(world) === null) return;
        const { accountId } = world.exchange;
        const set = (id: string) => void Object.assign(world.exchange, { accountId: id });
        world.trouble("operator restarts with another account");
        world.plan(laterMs, () => this.#restartWith(() => set(accountId)));
        return this.#restartWith(() => set(OTHER_ACCOUNT));
      }
      case "list":
        world.trouble("operator moves the list away");
        world.disk.take(LIST_PATH);
        return world.plan(laterMs, () => {
          world.disk.put(LIST_PATH, buildListCsv(this.#listOfToday()));
          world.trouble("operator puts the list back");
        });
    }
  }

  /** Settings hold for a process: they change when the next one starts. */
  #restartWith(change: () => void): void {
    this.nextSettings.push(change);
    restart(this.world);
  }

  /** Changes of the settings that wait for the next start. */
  readonly nextSettings: (() => void)[] = [];

  #listOfToday() {
    const { world } = this;
    const day = world.days.findLast((each) => each.openMs <= world.trueMs);
    return world.market.lists.get(day?.dateNy ?? "") ?? [];
  }

  #jumpClock(): void {
    const { world } = this;
    const { operator } = world.chances;
    const before = world.hostOffsetMs;
    world.hostOffsetMs = operator.pick([
      0,
      1_500,
      -3_000,
      -29_000,
      45_000,
      -45_000,
      3 * 3_600_000,
      -86_400_000,
    ]);
    world.trouble(`clock of the host jumps from ${before} to ${world.hostOffsetMs} ms`);
    world.plan(world.trueMs + operator.whole(1, 180) * MINUTE_MS, () => {
      world.hostOffsetMs = operator.pick([0, 0, 800]);
      world.trouble("clock of the host is set right");
    });
  }
}
