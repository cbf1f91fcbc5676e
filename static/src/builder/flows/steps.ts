/** New steps and branches: what they start with, and ids that nothing else has. */

import type { Catalogue } from "../model/boot";
import type { Edit } from "../model/edits";
import { at, isObject, type Json, type JsonObject, type Path } from "../model/json";
import { t, type WordKey } from "../words";
import { START } from "./tree";

/** Something that the menu of a "+" offers. */
export interface Offer {
  readonly name: string;
  readonly label: string;
  readonly help: string;
  readonly icon: string;
  /** More words under which it is found. */
  readonly words: string;
  make(ground: Ground): JsonObject;
}

/** What a new step may lean on. */
export interface Ground {
  readonly document: JsonObject;
  readonly form: JsonObject | null;
  readonly catalogue: Pick<Catalogue, "roles" | "actions" | "templates">;
}

/** A text in both languages. */
export function both(key: WordKey, params: Readonly<Record<string, string | number>> = {}): JsonObject {
  return { en: t(key, params, "en"), zh: t(key, params, "zh_CN") };
}

/** The first of `base`, `base_2`, `base_3` … that is not taken. */
export function fresh(base: string, taken: ReadonlySet<string>): string {
  const start = base.toLowerCase().replace(/[^a-z0-9_]+/g, "_").replace(/^[^a-z]+|_+$/g, "").slice(0, 50) || "step";
  if (!taken.has(start)) return start;
  const stem = start.replace(/_\d+$/, "");
  for (let number = 2; ; number++) if (!taken.has(`${stem}_${number}`)) return `${stem}_${number}`;
}

/** The ids of all steps, and `start`, which means the submitter. */
export function idsIn(document: Json): Set<string> {
  const found = new Set([START]);
  const visit = (steps: Json | undefined): void => {
    if (!Array.isArray(steps)) return;
    for (const step of steps) {
      if (!isObject(step)) continue;
      if (typeof step["id"] === "string") found.add(step["id"]);
      if (Array.isArray(step["branches"])) for (const branch of step["branches"]) visit(at(branch, ["steps"]));
    }
  };
  visit(Array.isArray(document) ? document : at(document, ["steps"]));
  return found;
}

const DUE = (): JsonObject => ({ in: "PT12H", clock: "business", remind: ["-PT1H", "PT0S"] });

/** All that can be inserted; actions of plugins one by one. */
export function offers(catalogue: Ground["catalogue"]): readonly Offer[] {
  return [...PEOPLE, ...BRANCHING, ...actionsOf(catalogue), ...OTHERS];
}

const PEOPLE: readonly Offer[] = [
  offer("approve", "person-check", () => ({ kind: "approve", who: [{ manager: 1 }], mode: "any", due: DUE() }), "manager lead 主管 shenpi"),
  offer("approve_role", "people", ({ catalogue }) => ({ kind: "approve", who: [role(catalogue)], mode: "any", due: DUE() }), "role pool finance 角色 财务"),
  offer("approve_limit", "cash-stack", (ground) => ({ kind: "approve", who: [limit(ground)], mode: "any", due: DUE() }), "authority amount 限额 金额"),
  offer("work", "clipboard-check", ({ catalogue }) => ({ kind: "work", who: [role(catalogue)], mode: "any", due: DUE() }), "task warehouse 任务 办理"),
];

const BRANCHING: readonly Offer[] = [
  offer("bands", "bar-chart-steps", (ground) => ({ kind: "route", branches: bandsOver(numberField(ground.form) ?? "amount") }), "amount threshold 金额 分级"),
  offer("route", "signpost-split", (ground) => ({ kind: "route", hit: "first", branches: waysOf(ground) }), "condition if 条件 判断"),
  offer("parallel", "diagram-2", () => ({ kind: "parallel", join: "all", branches: [branchNamed("flow_new_side", "side_1", 1), branchNamed("flow_new_side", "side_2", 2)] }), "both together 并行 会签"),
];

const OTHERS: readonly Offer[] = [
  offer("notify", "bell", ({ catalogue }) => ({ kind: "notify", to: [{ submitter: true }], template: template(catalogue) }), "copy mail tell 抄送 邮件"),
  offer("wait", "hourglass-split", () => ({ kind: "wait", for: "PT4H" }), "delay time 延时"),
  offer("auto_approve", "check2-circle", () => ({ kind: "auto", verdict: "approve", reason: both("flow_new_reason_approve") }), "rule automatic 自动"),
  offer("auto_reject", "x-circle", () => ({ kind: "auto", verdict: "reject", reason: both("flow_new_reason_reject") }), "rule automatic 自动"),
];

type Offered =
  | "approve" | "approve_role" | "approve_limit" | "work" | "bands" | "route" | "parallel" | "notify" | "wait"
  | "auto_approve" | "auto_reject";

function offer(name: Offered, icon: string, parts: (ground: Ground) => JsonObject, words: string): Offer {
  return {
    name,
    get label() {
      return t(`flow_offer_${name}`);
    },
    get help() {
      return t(`flow_offer_${name}_help`);
    },
    icon,
    words: `${words} ${t(`flow_offer_${name}`, {}, "en")} ${t(`flow_offer_${name}`, {}, "zh_CN")}`.toLowerCase(),
    make: (ground) => made(name, ground, both(`flow_offer_${name}`), parts(ground)),
  };
}

function actionsOf(catalogue: Ground["catalogue"]): Offer[] {
  return catalogue.actions.map((action) => ({
    name: `action ${action.name}`,
    label: action.label,
    help: t("flow_offer_action_help"),
    icon: "gear",
    words: `${action.name} ${action.label} action 动作`.toLowerCase(),
    make: (ground) => made(action.name.replace(".", "_"), ground, action.label, { kind: "action", do: action.name, with: {}, on_error: "retry" }),
  }));
}

function made(name: string, { document }: Ground, title: Json, { kind, ...parts }: JsonObject): JsonObject {
  return { id: fresh(name, idsIn(document)), kind: kind ?? "approve", title, ...parts };
}

function role({ roles }: Ground["catalogue"]): JsonObject {
  const first = roles.find((each) => each.key !== "admin" && each.members.length > 0) ?? roles[0];
  return first === undefined ? { manager: 1 } : { role: first.key };
}

function limit(ground: Ground): JsonObject {
  const field = numberField(ground.form);
  return field === null ? { manager: 1 } : { manager_with_limit: field };
}

function template({ templates }: Ground["catalogue"]): string {
  return (templates.find((each) => each.key === "run_finished") ?? templates[0])?.key ?? "run_finished";
}

/** The field that a flow most likely turns on: an amount of money, else a number. */
export function numberField(form: JsonObject | null): string | null {
  const fields = formFields(form);
  const amount = fields.find((field) => field["type"] === "money" && field["key"] === "amount");
  const money = amount ?? fields.findLast((field) => field["type"] === "money");
  const found = money ?? fields.find((field) => field["type"] === "number" || field["type"] === "integer");
  return typeof found?.["key"] === "string" ? found["key"] : null;
}

export function formFields(form: JsonObject | null): readonly JsonObject[] {
  const fields = form?.["fields"];
  return Array.isArray(fields) ? fields.filter(isObject) : [];
}

const FIRST_BORDER = "1000";

function bandsOver(field: string): Json[] {
  return [
    { id: "small", title: titleOfBand(null, FIRST_BORDER), when: { [field]: { lt: FIRST_BORDER } }, steps: [] },
    { id: "large", title: titleOfBand(FIRST_BORDER, null), when: { [field]: { gte: FIRST_BORDER } }, steps: [] },
  ];
}

/** `under 1,000` · `200 to 5,000` · `5,000 and more`, in both languages. */
export function titleOfBand(low: string | null, high: string | null): JsonObject {
  const shown = { low: withCommas(low ?? ""), high: withCommas(high ?? "") };
  if (low !== null && high !== null) return both("flow_band_between", shown);
  if (low !== null) return both("flow_band_above", shown);
  return high === null ? both("flow_band_any") : both("flow_band_below", shown);
}

function withCommas(value: string): string {
  const [whole = "", rest] = value.split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return rest === undefined ? grouped : `${grouped}.${rest}`;
}

/** A way for each choice of the first field with a few, and one for everything else. */
function waysOf({ form }: Ground): Json[] {
  const field = formFields(form).find((each) => each["type"] === "choice" && Array.isArray(each["options"]) && each["options"].length <= 6);
  const options = (field?.["options"] as Json[] | undefined)?.filter(isObject).slice(0, 2) ?? [];
  const ways = options.map((option, index): JsonObject => ({
    id: fresh(String(option["value"]), new Set(["otherwise"])),
    title: option["label"] ?? both("flow_new_way", { n: index + 1 }),
    when: { [String(field?.["key"])]: option["value"] ?? "" },
    steps: [],
  }));
  return [...ways, otherwise()];
}

function otherwise(): JsonObject {
  return { id: "otherwise", title: both("flow_otherwise"), otherwise: true, steps: [] };
}

function branchNamed(word: WordKey, id: string, n: number): JsonObject {
  return { id, title: both(word, { n }), steps: [] };
}

/** A branch to add to a route or a parallel step. */
export function newBranch(step: JsonObject, form: JsonObject | null): JsonObject {
  const branches = (Array.isArray(step["branches"]) ? step["branches"] : []).filter(isObject);
  const taken = new Set(branches.map((branch) => String(branch["id"])));
  const n = branches.length + 1;
  if (step["kind"] === "parallel") return { ...branchNamed("flow_new_side", fresh(`side_${n}`, taken), n) };
  if (!branches.some((branch) => branch["otherwise"] === true)) return { ...otherwise(), id: fresh("otherwise", taken) };
  return { id: fresh(`way_${n}`, taken), title: both("flow_new_way", { n }), when: firstCondition(form), steps: [] };
}

function firstCondition(form: JsonObject | null): JsonObject {
  const field = formFields(form).find((each) => typeof each["key"] === "string" && each["type"] !== "note" && each["type"] !== "table");
  return field === undefined ? {} : { [String(field["key"])]: { empty: false } };
}

/** A new branch stands before the one that is taken otherwise. */
export function placeOfBranch(step: JsonObject): number {
  const branches = Array.isArray(step["branches"]) ? step["branches"] : [];
  const last = branches.at(-1);
  return isObject(last) && last["otherwise"] === true ? branches.length - 1 : branches.length;
}

export function insertStep(list: Path, index: number, step: JsonObject): Edit {
  return { kind: "insert", path: [...list, index], value: step };
}
