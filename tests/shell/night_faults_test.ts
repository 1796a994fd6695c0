import { testEveryFault } from "./every_fault.ts";
import { NIGHT_SCENARIOS } from "./scenarios.ts";

for (const scenario of NIGHT_SCENARIOS) testEveryFault(scenario);
