import { isDone } from "../simulator/order.ts";
import { buildListCsv, FOREIGN_SYMBOL } from "./market.ts";
import { findOwner, listEntries } from "./truth.ts";
import {
  KEY_ID,
  KILL_PATH,
  LEDGER_PATH,
  LIST_PATH,
  SECRET_KEY,
  STATE_PATH,
  TOKEN_PATH,
  type World,
} from "./world.ts";

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
  constructor(readonly world: World) {}

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
    this.#startAccount();
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
    draw(families.has("files"), 1, () => this.#touchFiles());
    draw(families.has("account"), 1.5, () => this.#touchAccount());
    draw(families.has("clock"), 1.5, () => this.#jumpClock());
    draw(families.has("crash") || operator.isHit(0.3), 1, () => this.#restart());
  }

  /** In the middle of a cycle, between a question and its answer: the kill switch, or a hand in the files. */
  meddle(): void {
    const { world } = this;
    const { families, intensity } = world.profile;
    const { operator } = world.chances;
    if (world.exchange.sessions.at(world.trueMs) === null) return;
    if (families.has("operator") && operator.isHit(0.004 * intensity)) this.#kill();
    if (families.has("operator") && operator.isHit(0.001 * intensity)) this.#changeToken();
    if (families.has("files") && operator.isHit(0.001 * intensity)) this.#touchFiles();
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

  #restart(): void {
    this.world.note("SIGTERM");
    this.world.stop.abort();
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
    this.#restart();
  }

  /** Changes of the settings that wait for the next start. */
  readonly nextSettings: (() => void)[] = [];

  #listOfToday() {
    const { world } = this;
    const day = world.days.findLast((each) => each.openMs <= world.trueMs);
    return world.market.lists.get(day?.dateNy ?? "") ?? [];
  }

  #touchFiles(): void {
    const { world } = this;
    const { operator } = world.chances;
    const path = operator.isHit(0.6) ? LEDGER_PATH : STATE_PATH;
    if (!world.disk.has(path) || world.damaged.has(path)) return;
    const how = operator.pick(["remove", "cut", "shape", "dir", "edit", "edit"]);
    if (how === "edit" && path === STATE_PATH) return;
    world.trouble(`file ${how} of ${path}`);
    if (path === LEDGER_PATH) world.ledgerTouchedMs = world.trueMs;
    if (how === "edit") return this.#dropEntry();
    world.damaged.add(path);
    const bytes = world.disk.bytesOf(path) ?? new Uint8Array();
    if (how === "remove") world.disk.take(path);
    if (how === "cut") world.disk.put(path, bytes.slice(0, bytes.length >> 1));
    if (how === "shape") {
      world.disk.put(path, operator.pick(["[]", "{}", '{"entries":[{"notional":-1}]}', "\xff"]));
    }
    if (how === "dir") world.disk.putOther(path, operator.pick(["dir", "symlink"]));
    // The operator finds it, and moves what is wrong away; the engine makes it anew.
    world.plan(world.trueMs + operator.whole(5, 90) * MINUTE_MS, () => {
      const isOurs = world.readJson(path, "now") !== undefined && how === "remove";
      if (!isOurs) {
        world.disk.take(path);
        world.trouble(`file ${path} moved away`);
        if (path === STATE_PATH) this.#restart();
      }
      world.damaged.delete(path);
      if (path === LEDGER_PATH) world.ledgerTouchedMs = world.trueMs;
    });
  }

  /** Takes one entry out of the ledger; the mismatch that follows is put right by hand in the evening. */
  #dropEntry(): void {
    const { world } = this;
    const value = world.readJson(LEDGER_PATH, "now");
    const entries = listEntries(world, "now");
    if (entries.length === 0 || typeof value !== "object") return;
    const gone = world.chances.operator.whole(0, entries.length - 1);
    const isStatus = world.chances.operator.isHit(0.4);
    const rest = isStatus
      // What was accepted is called rejected: it would count toward no cap, did the broker not know better.
      ? entries.map((entry, index) => index === gone ? { ...entry, status: "rejected" } : entry)
      : entries.filter((_, index) => index !== gone);
    world.disk.put(LEDGER_PATH, JSON.stringify({ ...value, entries: rest }));
  }

  #touchAccount(): void {
    const { world } = this;
    const { operator } = world.chances;
    const { exchange } = world;
    const held = [...exchange.portfolio.positions.keys()];
    const symbol = held.length === 0 ? FOREIGN_SYMBOL : operator.pick(held);
    const sells =
      exchange.desk.active.get(symbol)?.working.filter((order) =>
        order.side === "sell" && !isDone(order) && order.isActive
      ) ?? [];
    const act = operator.pick([
      "foreign position",
      "foreign order",
      "close",
      "cancel stop",
      "cancel stop",
      "replace stop",
      "listed position",
      "split",
      "rename",
      "hide",
    ]);
    world.trouble(`account ${act} in ${symbol}`);
    switch (act) {
      case "foreign position":
        return exchange.setPosition(FOREIGN_SYMBOL, operator.whole(1, 20), 31.4);
      case "foreign order":
        return void exchange.placeByHand(buildForeignOrder(operator.pick(world.market.symbols)));
      case "close":
        for (const order of sells) exchange.desk.cancel(order);
        return world.plan(world.trueMs + 3_000, () => {
          const qty = exchange.portfolio.qty(symbol);
          if (qty > 0) exchange.desk.closePosition(symbol, qty);
          world.trouble(`account ${symbol} closed by hand`);
          if (operator.isHit(0.5)) this.#leaveStop(symbol);
        });
      case "cancel stop":
        for (const order of sells.slice(0, 1)) exchange.desk.cancel(order);
        return;
      case "replace stop":
        for (const order of sells.filter((each) => each.stopPriceUsd !== null).slice(0, 1)) {
          exchange.desk.replace(order, {
            clientOrderId: null,
            qty: null,
            limitPriceUsd: null,
            stopPriceUsd: Math.round((order.stopPriceUsd ?? 1) * 99) / 100,
            timeInForce: null,
          });
        }
        return;
      case "listed position": {
        const listed = operator.pick(world.market.symbols);
        const trade = exchange.quotes.lastTrade(listed, world.trueMs);
        if (exchange.position(listed) !== null || trade === null) return;
        if ((exchange.desk.active.get(listed)?.working.length ?? 0) > 0) return;
        world.count("positions to adopt");
        // A part of a share is nobody's to adopt: the symbol stays foreign, and nothing is bought in it.
        const part = operator.isHit(0.4) ? 0.5 : 0;
        if (part > 0) {
          world.strange.add(listed);
          world.hidden.delete(listed);
        }
        return exchange.setPosition(listed, operator.whole(2, 30) + part, trade.priceUsd * 0.98);
      }
      case "split":
        world.strange.add(symbol);
        world.splitAtMs.set(symbol, world.trueMs);
        // Left as they are, its stops sell at the new price at once: a broker may as well cancel them.
        if (operator.isHit(0.6)) {
          for (const order of sells) exchange.desk.cancel(order);
          exchange.desk.finishCancels();
        }
        return exchange.split(symbol, operator.pick([2, 3, 10]));
      case "rename":
        world.strange.add(symbol);
        world.hidden.add(symbol);
        world.plan(world.trueMs + operator.whole(10, 600) * MINUTE_MS, () => {
          exchange.renamePosition(symbol, symbol);
          world.trouble(`account ${symbol} has its name again`);
        });
        return exchange.renamePosition(symbol, `${symbol}W`);
      case "hide":
        world.strange.add(symbol);
        world.hidden.add(symbol);
        return exchange.hidePosition(symbol, operator.whole(1, 6));
    }
  }

  /** A stop of an engine's in a symbol that nobody holds any more: from an old state directory, for instance. */
  #leaveStop(symbol: string): void {
    const { world } = this;
    const { exchange } = world;
    const trade = exchange.quotes.lastTrade(symbol, world.trueMs);
    if (trade === null || exchange.position(symbol) !== null) return;
    const { status } = exchange.placeByHand({
      symbol,
      side: "sell",
      type: "stop",
      qty: "3",
      stop_price: (trade.priceUsd / 2).toFixed(2),
      time_in_force: "gtc",
      client_order_id: `avwap-2026-01-02-${symbol}-left-stop-${this.#leftStops++}`,
    });
    if (status !== 200) return;
    // No ledger of this engine's knows it before a reconciliation.
    world.ledgerTouchedMs = world.trueMs;
    world.trouble(`account stop left in ${symbol}`);
  }

  #leftStops = 1;

  /** Somebody else has traded the account before the first start, sometimes. */
  #startAccount(): void {
    const { world } = this;
    if (!world.profile.families.has("account")) return;
    if (world.chances.operator.isHit(0.5)) world.exchange.setPosition(FOREIGN_SYMBOL, 7, 30);
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

function buildForeignOrder(symbol: string): Record<string, unknown> {
  return {
    symbol,
    side: "buy",
    type: "limit",
    qty: "3",
    limit_price: "0.5",
    time_in_force: "day",
  };
}
