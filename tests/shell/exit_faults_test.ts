import { testEveryFault } from "./every_fault.ts";
import { EXIT_SCENARIOS } from "./scenarios.ts";

for (const scenario of EXIT_SCENARIOS) testEveryFault(scenario);
