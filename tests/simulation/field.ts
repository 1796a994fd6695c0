import { CLOCK_FAULTS } from "../simulator/clock_fault.ts";
import {
  buildForeignOrder,
  buildForeignPosition,
  ORDER_KINDS,
  POSITION_KINDS,
} from "../simulator/foreign_rows.ts";
import { isDone, type SimOrder } from "../simulator/order.ts";
import type { Spell } from "../simulator/spell.ts";
import { SYMBOL_REFUSALS } from "../simulator/symbol_refusal.ts";
import { REPLACE_FAULTS, type ReplaceFault } from "../simulator/wording.ts";
import { CorporateActs } from "./corporate_acts.ts";
import { FIELD_FAMILIES, type FieldFamily } from "./families.ts";
import { HandActs } from "./hand_acts.ts";
import type { Weather } from "./chance_fate.ts";
import { NightActs } from "./night_acts.ts";
import type { Prng } from "./prng.ts";
import type { World } from "./world.ts";

const MINUTE_MS = 60_000;

interface Field {
  readonly world: World;
  readonly weather: Weather;
  /** A stream of the family's own. */
  readonly chance: Prng;
}

/** Sets what the field's brokers do to this run, as far as its families have it. */
export function setField(world: World, weather: Weather): void {
  for (const family of FIELD_FAMILIES) {
    if (!world.profile.families.has(family)) continue;
    SETTERS[family]({ world, weather, chance: world.chances.field.fork(family) });
  }
}

const SETTERS: Readonly<Record<FieldFamily, (field: Field) => void>> = {
  symbols: setSymbols,
  documents: (field) => setStyle(field, ["qty_available"]),
  bare: (field) => setStyle(field, []),
  rows: setRows,
  nameless: setNameless,
  hours: setHours,
  keys: setKeys,
  flags: setFlags,
  wording: ({ world, chance }) => {
    world.exchange.behaviour.duplicateWording = chance.pick(["words", "exists", "capital"]);
  },
  // Drawn with the faults of the network, request by request.
  repeats: () => {},
  substitutes: ({ world, chance }) => {
    world.exchange.behaviour.substitutesLeg = (leg) => {
      if (!chance.isHit(0.5)) return false;
      world.trouble(`field substitutes a leg of ${leg.symbol}`);
      return true;
    };
  },
  statuses: setStatuses,
  replacements: setReplacements,
  lag: ({ world, chance }) => {
    const { behaviour } = world.exchange;
    behaviour.positionsLagMs = chance.pick([200, 600, 1_500, 3_000]);
    behaviour.listsLagMs = chance.pick([0, 200, 900, 3_000]);
    behaviour.openListsLagMs = chance.pick([null, null, 0, 1_500]);
  },
  hand: ({ world, chance }) => {
    const acts = new HandActs(world, chance);
    planDaily(world, chance, 2, () => acts.touch());
  },
  corporate: ({ world, chance }) => {
    const acts = new CorporateActs(world, chance);
    planDaily(world, chance, 1, () => acts.touch());
  },
  night: ({ world, chance }) => new NightActs(world, chance).plan(),
};

/** Answers within the documents: fields absent, decimals long, fields new. */
function setStyle({ world, chance }: Field, keeps: readonly string[]): void {
  world.exchange.behaviour.answerStyle = {
    chance: () => chance.uniform(),
    dropRate: chance.pick([0.02, 0.2]),
    keeps,
    hasLongDecimals: chance.isHit(0.7),
    hasNewFields: chance.isHit(0.5),
  };
}

/** Plans something for random moments of each session. */
function planDaily(world: World, chance: Prng, perDay: number, run: () => void): void {
  for (const { openMs, closeMs } of world.days) {
    for (let at = 0; at < Math.ceil(perDay * world.profile.intensity); at++) {
      if (chance.isHit(0.7)) world.plan(openMs + chance.uniform() * (closeMs - openMs), run);
    }
  }
}

/** One or two symbols are refused by the data API, others on the next day, and sometimes from noon on. */
function setSymbols({ world, chance }: Field): void {
  const { behaviour } = world.exchange;
  const refuse = () => {
    const refused = new Set([chance.pick(world.market.symbols)]);
    if (chance.isHit(0.3)) refused.add(chance.pick(world.market.symbols));
    behaviour.refusedSymbols = [...refused];
    behaviour.symbolRefusal = chance.pick(SYMBOL_REFUSALS);
    world.trouble(`field refuses ${[...refused].join(",")}: ${behaviour.symbolRefusal}`);
  };
  for (const { openMs, closeMs } of world.days) {
    world.plan(openMs - 30 * MINUTE_MS, refuse);
    if (chance.isHit(0.5)) world.plan((openMs + closeMs) / 2, refuse);
  }
}

/** Up to two positions and two orders of somebody else's, for the whole run: they are no trouble, and excuse nothing. */
function setRows({ world, chance }: Field): void {
  const { behaviour } = world.exchange;
  const uniform = () => chance.uniform();
  behaviour.extraPositions = Array.from(
    { length: chance.whole(0, 2) },
    (_, at) => buildForeignPosition(chance.pick(POSITION_KINDS), `QQ${"AB"[at]}`, uniform),
  );
  const count = chance.whole(behaviour.extraPositions.length === 0 ? 1 : 0, 2);
  behaviour.extraOrders = Array.from({ length: count }, (_, at) => {
    const where = { symbol: `QQ${"CD"[at]}`, atMs: world.trueMs, seq: at + 1 };
    return buildForeignOrder(chance.pick(ORDER_KINDS), where, uniform);
  });
  world.note(
    `rows of others: ${JSON.stringify([behaviour.extraPositions, behaviour.extraOrders])}`,
  );
}

/** For a while a list holds a row that names nothing: all of it is unreadable then (pipeline 6). */
function setNameless({ world, weather, chance }: Field): void {
  planDaily(world, chance, 1, () => {
    weather.outageUntilMs = world.trueMs + chance.pick([1, 3, 10]) * MINUTE_MS;
    weather.outagePath = chance.pick([
      "/v2/positions",
      "/v2/orders?status=open",
      "/v2/orders?status=all",
    ]);
    weather.outageFault = {
      kind: "malformed",
      body: chance.pick(["[{}]", "[null]", '[{"qty":"3"}]', "[7]"]),
    };
    world.trouble(`field shows a row of nobody's in "${weather.outagePath}"`);
  });
}

/** The clock contradicts itself, or can't be read, for some minutes; or all night. */
function setHours({ world, chance }: Field): void {
  const { behaviour } = world.exchange;
  const begin = (ms: number) => {
    behaviour.clockFault = chance.pick(CLOCK_FAULTS);
    world.trouble(`field clock: ${behaviour.clockFault}`);
    world.plan(world.trueMs + ms, () => {
      if (behaviour.clockFault === null) return;
      behaviour.clockFault = null;
      world.trouble("field clock is right again");
    });
  };
  planDaily(world, chance, 1, () => begin(chance.pick([1, 3, 15]) * MINUTE_MS));
  for (const { closeMs } of world.days) {
    if (chance.isHit(0.5)) world.plan(closeMs + 5 * MINUTE_MS, () => begin(12 * 60 * MINUTE_MS));
  }
}

/** The keys are no good for moments, in both wordings. */
function setKeys({ world, weather, chance }: Field): void {
  planDaily(world, chance, 2, () => {
    weather.outageUntilMs = world.trueMs + chance.pick([2_000, 20_000, 3 * MINUTE_MS]);
    weather.outagePath = "";
    const status = chance.pick([403, 403, 401]);
    const message = status === 403 ? "forbidden." : "unauthorized.";
    weather.outageFault = { kind: "status", status, body: JSON.stringify({ message }) };
    world.trouble(`field keys are ${message}`);
  });
}

/** The account's status and flags, for some minutes. */
function setFlags({ world, chance }: Field): void {
  const { behaviour } = world.exchange;
  planDaily(world, chance, 1, () => {
    if (chance.isHit(0.3)) behaviour.isAccountBlocked = true;
    else {
      behaviour.accountStatus = chance.pick([
        "ACCOUNT_CLOSED",
        "ONBOARDING",
        "REJECTED",
        "INACTIVE",
        "LIMITED",
        "SOMETHING_NEW",
      ]);
    }
    world.trouble(`field account: ${behaviour.accountStatus}, ${behaviour.isAccountBlocked}`);
    world.plan(world.trueMs + chance.pick([2, 15, 60]) * MINUTE_MS, () => {
      behaviour.isAccountBlocked = false;
      behaviour.accountStatus = "ACTIVE";
      world.trouble("field account is as it was");
    });
  });
}

/** Orders rest in odd statuses: some from the beginning, some of those that have worked for long. */
function setStatuses({ world, chance }: Field): void {
  const { behaviour, desk } = world.exchange;
  const draw = (order: SimOrder): Spell => {
    const spell = chance.pick<Spell>([
      { status: "suspended", ms: chance.pick([1, 5, 20]) * MINUTE_MS, then: "resumes" },
      { status: "suspended", ms: 5 * MINUTE_MS, then: "ends" },
      { status: "accepted_for_bidding", ms: chance.pick([10_000, 60_000]), then: "resumes" },
      { status: "pending_review", ms: chance.pick([1, 10]) * MINUTE_MS, then: "resumes" },
      { status: "stopped", ms: chance.pick([5_000, 60_000]), then: "fills" },
      { status: "calculated", ms: chance.pick([5_000, 60_000]), then: "fills" },
      { status: "done_for_day", ms: Infinity, then: "resumes" },
    ]);
    world.trouble(`field ${order.symbol} ${order.side} ${order.type} is ${spell.status}`);
    return spell;
  };
  const rate = chance.pick([0.05, 0.15]);
  behaviour.spellOf = (order) => chance.isHit(rate) ? draw(order) : null;
  planDaily(world, chance, 1, () => {
    const resting = [...desk.active.values()].flatMap((book) => book.working)
      .filter((order) => order.isActive && !isDone(order) && order.asleep === null)
      // What was asked of an order goes its way.
      .filter((order) => !["pending_cancel", "pending_replace"].includes(order.status));
    if (resting.length === 0) return;
    const order = chance.pick(resting);
    desk.beginSpell(order, draw(order));
  });
}

/** Some orders can't be replaced, now or ever: by the order, whatever is asked of it. */
function setReplacements({ world, chance }: Field): void {
  const { behaviour } = world.exchange;
  const known = new Map<SimOrder, ReplaceFault | null>();
  const rate = chance.pick([0.2, 0.5]);
  behaviour.isFilledCancelAnswered = chance.isHit(0.5);
  behaviour.replaceFault = (order) => {
    const fault = known.get(order) ?? (chance.isHit(rate) ? chance.pick(REPLACE_FAULTS) : null);
    known.set(order, fault);
    if (fault !== null) world.trouble(`field replacement of ${order.symbol}: ${fault}`);
    return fault;
  };
}
