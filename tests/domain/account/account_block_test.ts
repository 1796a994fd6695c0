import {
  findAccountBlock,
  isKnownAccountStatus,
} from "../../../src/domain/account/account_block.ts";
import { assertEquals } from "../../assert.ts";

const CLOSED = [
  "INACTIVE",
  "ONBOARDING",
  "SUBMISSION_FAILED",
  "SUBMITTED",
  "APPROVAL_PENDING",
  "REJECTED",
  "ACCOUNT_CLOSED",
  "ACCOUNT_CLOSED_PENDING",
];
const OPEN = [
  "ACTIVE",
  "PAPER_ONLY",
  "ACCOUNT_UPDATED",
  "APPROVED",
  "ACTION_REQUIRED",
  "LIMITED",
];

for (const status of CLOSED) {
  Deno.test(`findAccountBlock() blocks an account that is ${status}`, () => {
    assertEquals(findAccountBlock({ blockFlags: [], status }), `status ${status}`);
    assertEquals(isKnownAccountStatus(status), true);
  });
}
for (const status of OPEN) {
  Deno.test(`findAccountBlock() blocks no account that is ${status}`, () => {
    assertEquals(findAccountBlock({ blockFlags: [], status }), null);
    assertEquals(isKnownAccountStatus(status), true);
  });
}

Deno.test("findAccountBlock() blocks nothing for a status that nobody knows", () => {
  for (const status of ["active", "HALTED", "CLOSED", ""]) {
    assertEquals(findAccountBlock({ blockFlags: [], status }), null);
    assertEquals(isKnownAccountStatus(status), false);
  }
});

Deno.test("findAccountBlock() names the flags that are on, whatever the status", () => {
  for (const status of ["ACTIVE", "INACTIVE", "HALTED"]) {
    const blockFlags = ["trading_blocked", "trade_suspended_by_user"];
    assertEquals(
      findAccountBlock({ blockFlags, status }),
      "trading_blocked, trade_suspended_by_user",
    );
  }
});
