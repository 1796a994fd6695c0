import type { TestedBug } from "../tested_bug.ts";

const UNREADABLE_TEST = "tests/engine/unreadable_test.ts";

/** What may go wrong with the records: lost, unreadable, another's, or counted for what they are not. */
export const RECORDS_BUGS: readonly TestedBug[] = [
  {
    name: "a disk that stays full makes our own file another hand's",
    edits: [{
      file: "src/engine/record_store.ts",
      find: "this.#versions = addVersion(this.#versions, digestLedger(ledger));",
      replace: "this.#versions = [...this.#versions, digestLedger(ledger)].slice(-VERSIONS_MAX);",
    }],
    tests: ["tests/engine/ledger_test.ts"],
  },
  {
    name: "a day that has turned is taken back where its write failed",
    edits: [{
      file: "src/engine/records_desk.ts",
      find: "    if (!isTurn) engine.updateState({ ledger, absences });",
      replace: "    engine.updateState({ ledger, absences });",
    }],
    tests: ["tests/engine/ledger_test.ts"],
  },
  {
    name: "an unreadable ledger taken for missing",
    edits: [{
      file: "src/domain/plan/records_look.ts",
      find: 'if (file.kind === "unreadable" || file.kind === "invalid") {',
      replace: 'if (file.kind === "invalid") {',
    }],
    tests: [UNREADABLE_TEST],
  },
  {
    name: "an unreadable archive is left out",
    edits: [{
      file: "src/state/live_ledger.ts",
      find: '      return { kind: "unreadable", path, message: found.message };',
      replace: "      continue;",
    }],
    tests: ["tests/state/live_ledger_test.ts", UNREADABLE_TEST],
  },
  {
    name: "an unreadable state is taken for damaged",
    edits: [{
      file: "src/state/execution_state.ts",
      find: 'read.isRead ? "damaged" : "unreadable"',
      replace: '"damaged"',
    }],
    tests: [UNREADABLE_TEST],
  },
  {
    name: "a ledger is rebuilt while the document can't be read",
    edits: [{
      file: "src/domain/plan/day_ledger.ts",
      find: "  if (!isLoaded) return stay(records, NOT_HELD);\n",
      replace: "",
    }],
    tests: [UNREADABLE_TEST],
  },
  {
    name: "a ledger that is taken from its file is held against nothing",
    edits: [{
      file: "src/domain/plan/day_ledger.ts",
      find: "stay({ ...records, ledger, mismatches: 0 }, null)",
      replace: 'stay({ ...records, ledger, mismatches: 0 }, blockedBy("ledger missing"))',
    }],
    tests: [UNREADABLE_TEST],
  },
  {
    name: "a ledger that can't be read for a moment is written over",
    edits: [{
      file: "src/state/live_ledger.ts",
      find: 'if (present.kind === "unreadable" && !present.isRead) throw',
      replace: 'if (present.kind === "unreadable" && present.message === "") throw',
    }],
    tests: ["tests/state/live_ledger_test.ts"],
  },
  {
    name: "another account's archive is counted with",
    edits: [{
      file: "src/domain/plan/records_look.ts",
      find: "const foreign = archive.ledgers.filter(",
      replace: "const foreign = archive.ledgers.slice(0, 0).filter(",
    }],
    tests: [UNREADABLE_TEST],
  },
  {
    name: "a state is written without host and account",
    edits: [
      {
        file: "src/engine/engine.ts",
        find: "    return this.state.host !== null && this.state.accountId !== null;\n",
        replace: "    return true;\n",
      },
      {
        file: "src/domain/plan/records_look.ts",
        find:
          '  if (account.kind === "failed") return waitFor(waitForAnswer("account", account));\n',
        replace: "",
      },
      {
        file: "src/domain/plan/records_look.ts",
        find: "accountId: account.value.accountId }",
        replace: 'accountId: account.kind === "ok" ? account.value.accountId : "" }',
      },
    ],
    tests: [UNREADABLE_TEST],
  },
  {
    name: "what is waited for is said in every cycle",
    edits: [{
      file: "src/engine/loading_words.ts",
      find: "if (!isNew && past === cause) return;",
      replace: 'if (!isNew && past === "") return;',
    }],
    tests: [UNREADABLE_TEST],
  },
  {
    name: "the ledger's file before the document",
    edits: [{
      file: "src/engine/record_store.ts",
      find:
        "      await this.#writeDocument(state);\n      if (state.ledger === null || state.ledger === this.#onFile) return;\n      await this.#writeLedger(state.ledger, (present) => this.#checkFile(present));\n",
      replace:
        "      if (state.ledger !== null && state.ledger !== this.#onFile) {\n        await this.#writeLedger(state.ledger, (present) => this.#checkFile(present));\n      }\n      await this.#writeDocument(state);\n",
    }],
    tests: ["tests/engine/record_store_test.ts"],
  },
  {
    name: "the gate counts from the ledger's file as it was before the cycle wrote it",
    edits: [{
      file: "src/engine/record_store.ts",
      find: "return ledger !== null && this.isOnFile(ledger) ?",
      replace: 'return ledger !== null && this.isOnFile(ledger) && read.kind !== "ok" ?',
    }],
    tests: ["tests/engine/ledger_file_test.ts"],
  },
  {
    name: "a change by another hand is written over unseen",
    edits: [{
      file: "src/engine/record_store.ts",
      find: "    if (this.isKnown(present.ledger)) return;\n",
      replace: '    if (this.isKnown(present.ledger) || present.ledger.dateNy !== "") return;\n',
    }],
    tests: ["tests/engine/record_store_test.ts"],
  },
  {
    name: "a ledger that another hand changed is the truth",
    edits: [{
      file: "src/domain/order/ledger_file.ts",
      find: "      entries: [...kept, ...added],\n",
      replace: "      entries: [...kept.filter((entry) => findByHand(entry, byHand)), ...added],\n",
    }],
    tests: ["tests/domain/order/ledger_file_test.ts", "tests/engine/ledger_file_test.ts"],
  },
  {
    name: "a missing ledger that is written anew blocks nothing",
    edits: [{
      file: "src/domain/plan/day_ledger.ts",
      find: 'return rewrite(records, blockedBy("ledger missing"), done);',
      replace: "return rewrite(records, null, done);",
    }],
    tests: ["tests/engine/ledger_file_test.ts"],
  },
  {
    name: "an older document beside a newer ledger is believed",
    edits: [{
      file: "src/domain/plan/document.ts",
      find: "  return file.dateNy > records.dateNy && file.host",
      replace: "  return file.dateNy < records.dateNy && file.host",
    }],
    tests: ["tests/engine/ledger_file_test.ts"],
  },
  {
    name: "a document of 0.1.0 is damaged for the ledger it lacks",
    edits: [{
      file: "src/state/state_schema.ts",
      find: "    ledger: z.unknown().optional(),\n",
      replace: "    ledger: z.unknown(),\n",
    }],
    tests: ["tests/state/execution_state_test.ts", "tests/engine/ledger_file_test.ts"],
  },
  {
    name: "that a cancel lays a position bare is on record only after it",
    edits: [{
      file: "src/domain/plan/give_way.ts",
      find: "      isBare: unfinished.isBare || groups.some(({ qty }) => qty > 0),\n",
      replace: "      isBare: unfinished.isBare,\n",
    }],
    tests: ["tests/engine/unfinished_test.ts"],
  },
  {
    name: "what was noted before a cancel stays noted though none left",
    edits: [{
      file: "src/domain/plan/settle_cancel.ts",
      find: "endCancels(about, begun, answer.reason, begun.wasBare);",
      replace: "endCancels(about, begun, answer.reason, true);",
    }, {
      // The table of protection would take it back in the same cycle.
      file: "src/domain/plan/protect.ts",
      find: '  if (verified.kind === "step" || !view.unfinished.isBare) return verified;',
      replace: '  if (verified.kind === "step" || view.count !== null) return verified;',
    }],
    tests: ["tests/engine/unfinished_test.ts"],
  },
  {
    name: "at night a ledger that the records lack is not asked for",
    edits: [{
      file: "src/domain/plan/closed_cover.ts",
      find: "  if (!areMissing || listBuysWithoutPosition(records).length > 0) ",
      replace: "  if (listBuysWithoutPosition(records).length > 0) ",
    }],
    tests: ["tests/engine/closed_market_test.ts"],
  },
  {
    name: "what is unfinished is forgotten by a restart",
    edits: [{
      file: "src/state/state_format.ts",
      find: "    unfinished: wire.unfinished.map(buildUnfinished),\n",
      replace: "    unfinished: [],\n",
    }],
    tests: ["tests/engine/unfinished_test.ts"],
  },
  {
    name: "the state goes on as schema 1.1",
    edits: [{
      file: "src/state/state_schema.ts",
      find: "STATE_SCHEMA = { major: 1, minor: 2 }",
      replace: "STATE_SCHEMA = { major: 1, minor: 1 }",
    }],
    tests: ["tests/state/execution_state_test.ts"],
  },
  {
    name: "flatten's buys counted",
    edits: [{
      file: "src/domain/order/ledger.ts",
      find: 'return side === "buy" && !isFlatten(clientOrderId ?? "");',
      replace: 'return side === "buy" && clientOrderId !== "";',
    }],
    tests: ["tests/engine/flatten_orders_test.ts"],
  },
  {
    name: "a replaced leg counted as a mismatch",
    edits: [{
      file: "src/domain/order/reconcile.ts",
      find: "  return !isOurs(clientOrderId) || (isNamed && isHeir)",
      replace: "  return isNamed && isHeir",
    }],
    tests: ["tests/domain/order/reconcile_test.ts", "tests/engine/replacements_test.ts"],
  },
  {
    name: "our prefix without a record not counted",
    edits: [{
      file: "src/domain/order/reconcile.ts",
      find: "  return !isOurs(clientOrderId) || (isNamed && isHeir)",
      replace: '  return clientOrderId !== "" || (isNamed && isHeir)',
    }],
    tests: ["tests/domain/order/reconcile_test.ts", "tests/engine/replacements_test.ts"],
  },
  {
    name: "a chain of replacements over night is somebody else's",
    edits: [{
      file: "src/domain/plan/reconciliation.ts",
      find: "const ANCESTORS_MAX = 6;",
      replace: "const ANCESTORS_MAX = 0;",
    }],
    tests: ["tests/engine/replacements_test.ts"],
  },
  {
    name: "a symbol that no record can hold is taken from a row of ours",
    edits: [{
      file: "src/broker/order_wire.ts",
      find:
        "  if (text === text.trim().toUpperCase() && text.length <= SYMBOL_CHARS_MAX) return text;",
      replace: '  if (text !== "") return text;',
    }],
    tests: ["tests/engine/unreadable_rows_test.ts"],
  },
  {
    name: "an order without a name is recorded under an empty one",
    edits: [{
      file: "src/domain/order/ledger.ts",
      find: 'return clientOrderId === "" ? null : clientOrderId;',
      replace: "return clientOrderId;",
    }],
    tests: ["tests/domain/order/reconcile_test.ts", "tests/engine/unreadable_rows_test.ts"],
  },
  {
    name: "what came in our order's place under its name counted as a mismatch",
    edits: [{
      file: "src/domain/order/reconcile.ts",
      find: "!isOurs(clientOrderId) || (isNamed && isHeir)",
      replace: "!isOurs(clientOrderId) || (isNamed && isHeir && false)",
    }],
    tests: ["tests/domain/order/reconcile_test.ts"],
  },
  {
    name: "what was released is managed after a rollback and back",
    edits: [{
      file: "src/domain/plan/document.ts",
      find: "take(look, state, restoreReleases(state, ours), file)",
      replace: "take(look, state, restoreReleases(state, []), file)",
    }],
    tests: ["tests/engine/ledger_file_test.ts"],
  },
  {
    name: "a lost answer takes the plan with a lost state",
    edits: [{
      file: "src/domain/account/rebuild_records.ts",
      find: 'reconcile({ ...buildEmptyLedger(""), entries }, unique)',
      replace: 'reconcile({ ...buildEmptyLedger(""), entries: [] }, unique)',
    }],
    tests: ["tests/domain/account/rebuild_records_test.ts"],
  },
  {
    name: "the archive ends after thirty days",
    edits: [{
      file: "src/engine/archive.ts",
      find: "ARCHIVE_DAYS_MAX = 400",
      replace: "ARCHIVE_DAYS_MAX = 30",
    }],
    tests: ["tests/engine/state_loading_test.ts"],
  },
  {
    name: "a position is lost with the document, though a copy has it",
    edits: [{
      file: "src/domain/account/rebuild_records.ts",
      find: "[...kept, ...found]",
      replace: "found",
    }],
    tests: ["tests/domain/account/rebuild_records_test.ts"],
  },
  {
    name: "a document that is lost with all else forgets what was bought days ago",
    edits: [{
      file: "src/domain/plan/document.ts",
      find: "isTicker(each) && !explained.has(each)",
      replace: "isTicker(each) && explained.has(each)",
    }],
    tests: ["tests/engine/state_loading_test.ts"],
  },
  {
    name: "a missing ledger is started empty",
    edits: [{
      file: "src/domain/plan/day_ledger.ts",
      find: "orders: left.dayOrders, todayNy",
      replace: "orders: [], todayNy",
    }],
    tests: ["tests/engine/state_loading_test.ts"],
  },
  {
    name: "a copy's trims are all that is known of trims",
    edits: [{
      file: "src/domain/account/rebuild_records.ts",
      find: "const marked = TRIM_REASONS.filter(",
      replace: "const marked = TRIM_REASONS.slice(0, 0).filter(",
    }],
    tests: ["tests/domain/account/rebuild_records_test.ts"],
  },
  {
    name: "a copy of another account is counted with",
    edits: [{
      file: "src/domain/plan/records_look.ts",
      find: "copy.state === null || isOwn(copy.state, keys)",
      replace: 'copy.state === null || copy.state.host !== ""',
    }],
    tests: [UNREADABLE_TEST],
  },
  {
    name: "a copy that can't be read is passed over",
    edits: [{
      file: "src/state/execution_state.ts",
      find:
        '    if (read.kind === "unreadable") return { kind: "unreadable", path, message: read.message };',
      replace: "",
    }],
    tests: ["tests/state/execution_state_test.ts"],
  },
  {
    name: "no copy is kept when what is managed changes",
    edits: [{
      file: "src/engine/record_copies.ts",
      find: "  if (engine.copied === content) return;",
      replace: "  if (engine.copied?.slice(0, 10) === content.slice(0, 10)) return;",
    }],
    tests: ["tests/engine/record_copies_test.ts"],
  },
  {
    name: "a copy of what is not durable",
    edits: [{
      file: "src/engine/record_copies.ts",
      find: "ledger === null || !engine.isStateSaved || ",
      replace: "ledger === null || ",
    }],
    tests: ["tests/engine/record_copies_test.ts"],
  },
  {
    name: "a copy takes the reserve",
    edits: [{
      file: "src/state/execution_state.ts",
      find: 'bytes, { use: "note" });',
      replace: 'bytes, { use: "record" });',
    }],
    tests: ["tests/engine/record_copies_test.ts"],
  },
  {
    name: "a lost document brings the lock of its copy back",
    edits: [{
      file: "src/domain/account/rebuild_records.ts",
      find: "const mismatches = ledgers[0]?.mismatches ?? 0;",
      replace: "const mismatches = copy?.ledger?.mismatches ?? 0;",
    }],
    tests: ["tests/engine/older_document_test.ts"],
  },
  {
    name: "a mismatch does not block its cycle",
    edits: [
      {
        file: "src/domain/plan/reconciliation.ts",
        find: 'turn.isMismatched ? "broker mismatch" : null',
        replace: 'turn.isMismatched && turn.isAncestorUnread ? "broker mismatch" : null',
      },
    ],
    tests: ["tests/engine/ledger_test.ts"],
  },
  {
    name: "second mismatch does not block",
    edits: [
      {
        file: "src/domain/order/ledger.ts",
        find: "MISMATCHES_MAX = 2",
        replace: "MISMATCHES_MAX = 2_000",
      },
    ],
    tests: ["tests/engine/ledger_test.ts"],
  },
  {
    name: "mismatches are not counted",
    edits: [
      {
        file: "src/domain/order/reconcile.ts",
        find: "mismatches: ledger.mismatches + (mismatched.length > 0 ? 1 : 0),",
        replace: "mismatches: ledger.mismatches,",
      },
    ],
    tests: ["tests/engine/ledger_test.ts"],
  },
  {
    name: "what another hand took out of the ledger is another engine's order",
    edits: [{
      file: "src/domain/plan/day_ledger.ts",
      find: "      const { records: taken, say } = takeIn(records, found.merged);\n",
      replace:
        "      const mismatches = found.merged.mismatches + Math.sign(found.putBack.length);\n" +
        "      const { records: taken, say } = takeIn(records, { ...found.merged, mismatches });\n",
    }],
    tests: ["tests/engine/ledger_file_test.ts"],
  },
  {
    name: "an older ledger ends the lock of two mismatches",
    edits: [{
      file: "src/domain/order/ledger_file.ts",
      find: "      mismatches: Math.max(records.mismatches, file.mismatches),\n",
      replace: "      mismatches: file.mismatches,\n",
    }],
    tests: ["tests/engine/ledger_test.ts"],
  },
  {
    name: "ledger rebuild counts with another account's state",
    edits: [{
      file: "src/cli/ledger_rebuild.ts",
      find: '...(state.kind === "ok" ? [{ file: STATE_FILE, owner: state.state }] : []),',
      replace: '...(state.kind === "ok" ? [] : []),',
    }],
    tests: ["tests/cli/ledger_commands_test.ts"],
  },
  {
    name: "what a state that can't be read manages is called foreign",
    edits: [{
      file: "src/engine/foreign.ts",
      find: "  if (!engine.isStateLoaded) return;\n",
      replace: "",
    }],
    tests: ["tests/engine/unreadable_test.ts"],
  },
  {
    name: "the day turns without what was bought in it",
    edits: [{
      file: "src/domain/plan/reconciliation.ts",
      find: '    ...bought.map((position): RecordPart => ({ kind: "managed", position })),\n',
      replace: "    ...bought.slice(0, 0).flatMap(() => []),\n",
    }],
    tests: ["tests/engine/ledger_test.ts"],
  },
  {
    name: "a rebuilt state counts before it is durable",
    edits: [{
      file: "src/engine/taking_in.ts",
      find: "    engine.isForeignState = false;\n",
      replace: "",
    }],
    tests: ["tests/engine/state_loading_test.ts"],
  },
  {
    name: "what another hand has added is left as it is in LIVE",
    edits: [{
      file: "src/domain/plan/day_ledger.ts",
      find: "if (isAllTakenIn && isObjected) {",
      replace: "if (isAllTakenIn && isObjected !== undefined) {",
    }],
    tests: ["tests/domain/plan/day_ledger_test.ts"],
  },
  {
    name: "another account's document becomes the keys'",
    edits: [{
      file: "src/domain/plan/document.ts",
      find: "if (accountId === null || !isOwn(records, { host, accountId })) return records;",
      replace: "if (accountId === null) return records;",
    }],
    tests: ["tests/domain/plan/document_test.ts"],
  },
  {
    name: "a damaged document has no name while its rebuild finds no room",
    edits: [{
      file: "src/domain/plan/document.ts",
      find: 'problem: verdict.made === "damaged" ? STATE_FILE : null,',
      replace: "problem: null,",
    }],
    tests: ["tests/domain/plan/document_test.ts"],
  },
  {
    name: "a lost document is made anew before its past orders are asked for",
    edits: [{
      file: "src/domain/plan/document.ts",
      find: "  if (pastOrders === undefined) {\n",
      replace: "  if (pastOrders === undefined && left.held.length > 1) {\n",
    }, {
      file: "src/domain/plan/document.ts",
      find: '  if (pastOrders.kind === "failed") {',
      replace: '  if (pastOrders?.kind === "failed") {',
    }, {
      file: "src/domain/plan/document.ts",
      find: "...pastOrders.value]",
      replace: "...pastOrders?.value ?? []]",
    }],
    tests: ["tests/domain/plan/document_test.ts"],
  },
  {
    name: "a document put back from before a release manages its shares again",
    edits: [{
      file: "src/domain/plan/day_ledger.ts",
      find: "const { records: taken, say } = takeIn(records, found.merged);",
      replace: "const { taken, say } = { taken: { ...records, ledger: found.merged }, say: [] };",
    }],
    tests: ["tests/engine/older_document_test.ts"],
  },
  {
    name: "what the broker refused waits for the next write",
    edits: [{
      file: "src/engine/plan_leave.ts",
      find: 'const isOnce = answer.kind === "rejected" || answer.kind === "duplicate";',
      replace: 'const isOnce = answer.kind === "duplicate";',
    }],
    tests: ["tests/engine/answer_record_test.ts"],
  },
  {
    name: "a rest leaves an answer to the cycle's end",
    edits: [{
      file: "src/engine/plan_shell.ts",
      find: "if (run.answers.size > 0) await storeTaken(engine);",
      replace: "",
    }],
    tests: ["tests/engine/answer_record_test.ts"],
  },
  {
    name: "entries are decided before what is bare is protected",
    edits: [{
      file: "src/domain/plan/plan_engine.ts",
      find: "    ...hasPositions ? [() => plan(world)] : [],\n",
      replace: "",
    }, {
      file: "src/domain/plan/plan_engine.ts",
      find: "    ...desk === null ? [] : [() => planEntries({ ...world, desk })],\n",
      replace: "    ...desk === null ? [] : [() => planEntries({ ...world, desk })],\n" +
        "    ...hasPositions ? [() => plan(world)] : [],\n",
    }],
    tests: ["tests/domain/plan/plan_engine_test.ts"],
  },
  {
    name: "a clock that is off ends the day at its first answer",
    edits: [{
      file: "src/domain/plan/day_turn.ts",
      find: "books.turn.dateBeforeNy !== dateNy",
      replace: "books.turn.dateBeforeNy === dateNy",
    }],
    tests: ["tests/domain/plan/reconciliation_test.ts"],
  },
];
