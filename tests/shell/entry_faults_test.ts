import { testEveryFault } from "./every_fault.ts";
import { ENTRY_SCENARIOS } from "./scenarios.ts";

for (const scenario of ENTRY_SCENARIOS) testEveryFault(scenario);
