/** Amount bands of a step, and what is wrong with them in words. */

import type { JsonObject } from "../model/json";
import { t } from "../words";
import { type Bands, type Fault, fieldOfBands, readBands } from "./bands";
import { branchTitle, moneyInWords } from "./saying";
import { scaleOf } from "./scale";
import type { StepNode } from "./tree";

/** `null` where the branches of the step are no bands. */
export function bandsOf(step: StepNode, form: JsonObject | null): Bands | null {
  const field = step.kind === "route" ? fieldOfBands(step) : null;
  return field === null ? null : readBands(step, scaleOf(field, form));
}

/** `¥5,000.00 matches no branch.` */
export function faultInWords(fault: Fault, bands: Bands, step: StepNode, form: JsonObject | null): string {
  const value = moneyInWords(fault.example, bands.scale.field, form);
  if (fault.sort === "gap") return t("flow_gap_example", { value });
  const [one = "", other = ""] = fault.branches.map((index) => titleOfBranch(step, index));
  return t("flow_overlap_example", { value, one, other });
}

export function titleOfBranch(step: StepNode, index: number): string {
  const branch = step.branches.find((each) => each.path.at(-1) === index);
  return branch ? branchTitle(branch) : "";
}
