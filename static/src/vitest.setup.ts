/** Property tests draw the same values in every run; SIGNOFF_TEST_RANDOM=true draws others. */

import fc from "fast-check";

if (process.env["SIGNOFF_TEST_RANDOM"] !== "true") fc.configureGlobal({ seed: 20260302 });
