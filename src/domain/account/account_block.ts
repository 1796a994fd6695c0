import type { BrokerAccount } from "../order/orders.ts";

/** Statuses in which an account is known to take no orders (pipeline 4). */
const CLOSED_STATUSES: ReadonlySet<string> = new Set([
  "INACTIVE",
  "ONBOARDING",
  "SUBMISSION_FAILED",
  "SUBMITTED",
  "APPROVAL_PENDING",
  "REJECTED",
  "ACCOUNT_CLOSED",
  "ACCOUNT_CLOSED_PENDING",
]);

/** The other statuses of the published documents: of none of them is it known that it takes no orders. */
const OPEN_STATUSES: ReadonlySet<string> = new Set([
  "ACTIVE",
  "PAPER_ONLY",
  "ACCOUNT_UPDATED",
  "APPROVED",
  "ACTION_REQUIRED",
  "LIMITED",
]);

/**
 * Why the broker must refuse every order of the account (pipeline 4, `account blocked`): a flag that is on, or a status
 * that takes none.
 * @returns `null` where nothing says so: a flag that is absent and a status that nobody knows block nothing.
 */
export function findAccountBlock(
  { blockFlags, status }: Pick<BrokerAccount, "blockFlags" | "status">,
): string | null {
  if (blockFlags.length > 0) return blockFlags.join(", ");
  return CLOSED_STATUSES.has(status) ? `status ${status}` : null;
}

/** Whether this release knows the account's status; an unknown one is said. */
export function isKnownAccountStatus(status: string): boolean {
  return CLOSED_STATUSES.has(status) || OPEN_STATUSES.has(status);
}
