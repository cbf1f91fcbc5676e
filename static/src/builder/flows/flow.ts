/** What the parts of the flow builder share: the tree of the document, names, problems by step, and what can be done. */

import { computed, inject, type InjectionKey, provide, type Ref, ref, shallowRef, watch } from "vue";
import type { Problem } from "../model/boot";
import type { Edit } from "../model/edits";
import { formOf } from "../model/form_of";
import { isWithin, type JsonObject, type Path, pathOf } from "../model/json";
import type { Builder } from "../model/store";
import { t } from "../words";
import { type Clip, copied, type Direction, duplicated, moveBy, type Moved, moveTo, pasteBranch, type Pasted, pasteSteps, readClip, type Removal, removal } from "./moving";
import type { Reference } from "./references";
import { branchTitle, type Names, stepName, stepTitle } from "./saying";
import { formFields, insertStep, newBranch, type Offer, offers, placeOfBranch } from "./steps";
import { type BranchNode, isStep, nodeAt, readTree, type StepNode, text, type Tree } from "./tree";

const CLIPBOARD = "signoff:flow:clip";

export type Node = StepNode | BranchNode;

/** Asked before something goes that others speak of. */
export interface Question {
  readonly title: string;
  readonly lines: readonly string[];
  readonly yes: string;
  answer(): void;
}

export interface Flow {
  readonly builder: Builder;
  readonly tree: Readonly<Ref<Tree>>;
  readonly names: Readonly<Ref<Names>>;
  readonly form: JsonObject | null;
  readonly offers: readonly Offer[];
  /** The problems of each step and branch itself, by key; those of nothing on the tree under `""`. */
  readonly problems: Readonly<Ref<ReadonlyMap<string, readonly Problem[]>>>;
  /** What the drawer shows: a step, a branch, the settings, or nothing. */
  readonly chosen: Readonly<Ref<Node | "settings" | null>>;
  readonly collapsed: Ref<ReadonlySet<string>>;
  /** Which card has the focus in the tree. */
  readonly active: Ref<string>;
  /** Raised whenever the active card is to take the focus. */
  readonly focusTree: Ref<number>;
  readonly focusDrawer: Ref<number>;
  readonly clip: Readonly<Ref<Clip | null>>;
  readonly question: Ref<Question | null>;
  /** Who would ask, for "who is that today"; `""`: nobody in particular. */
  readonly submitter: Ref<string>;
  name(node: Node): string;
  choose(node: Node | "settings" | null): void;
  toggle(key: string): void;
  collapseAll(all: boolean): void;
  insert(offer: Offer, list: Path, index: number): void;
  addBranch(step: StepNode): void;
  move(node: Node, direction: Direction): void;
  drop(node: Node, to: Path): void;
  copy(node: Node): void;
  cut(node: Node): void;
  paste(list: Path, index: number): void;
  pasteAt(node: Node): void;
  duplicate(node: Node): void;
  remove(node: Node): void;
  edit(edit: Edit, merge?: string): void;
}

const KEY: InjectionKey<Flow> = Symbol("flow");

export function useFlow(): Flow {
  const found = inject(KEY);
  if (!found) throw new Error("There is no flow above this component.");
  return found;
}

export function provideFlow(builder: Builder): Flow {
  const tree = computed(() => readTree(builder.document.value));
  const form = formOf(builder);
  const names = computed((): Names => ({ catalogue: builder.boot.catalogue, form: form.value, tree: tree.value }));
  const problems = computed(() => byNode(builder, tree.value));
  const collapsed = shallowRef<ReadonlySet<string>>(new Set());
  const active = ref("");
  const focusTree = ref(0);
  const focusDrawer = ref(0);
  const clip = shallowRef(readClip(stored()));
  const question = shallowRef<Question | null>(null);
  const submitter = ref("");
  const fields = (): string[] | null => (form.value === null ? null : formFields(form.value).map((field) => text(field["key"])));

  const chosen = computed((): Node | "settings" | null => {
    const path = builder.selection.value;
    if (path === null) return null;
    return path[0] === "steps" ? nodeAt(tree.value, path) : "settings";
  });

  function name(node: Node): string {
    return isStep(node) ? stepTitle(node) : branchTitle(node);
  }

  function choose(node: Node | "settings" | null): void {
    builder.selection.value = node === null ? null : node === "settings" ? ["settings"] : node.path;
    if (node !== null && node !== "settings") active.value = node.key;
  }

  function nodeTo(path: Path): Node | null {
    return nodeAt(tree.value, path);
  }

  /** After an edit: what is at `path` is shown, opened up and focused. */
  function arrive(path: Path | null, where: "tree" | "drawer" | "stay"): void {
    const node = path && nodeTo(path);
    if (!node) return;
    active.value = node.key;
    reveal(node);
    if (where === "tree") focusTree.value += 1;
    if (where === "drawer") {
      builder.selection.value = node.path;
      focusDrawer.value += 1;
    }
  }

  function reveal(node: Node): void {
    const open = new Set(collapsed.value);
    for (let up: BranchNode | null = isStep(node) ? node.parent : node; up; up = up.step.parent) {
      open.delete(up.step.key);
      if (up !== node) open.delete(up.key);
    }
    if (open.size !== collapsed.value.size) collapsed.value = open;
  }

  function say(what: string, broken: readonly Reference[] = [], more: readonly string[] = []): void {
    const warning = broken.length > 0 ? [t("flow_said_broken", { what: listed(broken).join("; ") })] : [];
    builder.announce([what, ...warning, ...more].join(" "));
  }

  function listed(broken: readonly Reference[]): string[] {
    return [...new Set(broken.map((each) => t(`flow_ref_${each.sort}`, { step: each.step ? stepTitle(each.step) : "", target: stepName(each.target, tree.value) })))];
  }

  function moved(node: Node, found: Moved | null): void {
    if (found === null) return builder.announce(t("flow_said_cannot_move", { what: name(node) }));
    const selected = builder.selection.value;
    const drawer = selected !== null && isWithin(selected, node.path);
    const targets = listed(found.broken);
    builder.edit(found.edit, drawer ? { select: found.to } : {});
    arrive(found.to, "tree");
    const now = nodeTo(found.to);
    if (now) say(t("flow_said_moved", { what: name(now), where: placeInWords(now) }) + (targets.length ? ` ${t("flow_said_broken", { what: targets.join("; ") })}` : ""));
  }

  function placeInWords(node: Node): string {
    const number = Number(node.path.at(-1)) + 1;
    const around = isStep(node) ? node.parent : node.step;
    return around ? t("flow_place_in", { n: number, where: name(around) }) : t("flow_place", { n: number });
  }

  function added(found: Pasted, word: "flow_said_pasted" | "flow_said_duplicated", what: string): void {
    const broken = listed(found.broken);
    builder.edit(found.edit);
    arrive(found.to, "tree");
    const more = found.unknownFields.length > 0 ? [t("flow_said_unknown_fields", { fields: found.unknownFields.join(", ") })] : [];
    if (found.renamed.size > 0) more.unshift(t("flow_said_renamed", { ids: [...found.renamed].map(([from, to]) => `${from} → ${to}`).join(", ") }));
    say(t(word, { what }), [], [...(broken.length ? [t("flow_said_broken", { what: broken.join("; ") })] : []), ...more]);
  }

  function keep(node: Node): void {
    const found = copied(builder.document.value, node.path);
    clip.value = found;
    try {
      if (found) localStorage.setItem(CLIPBOARD, JSON.stringify(found));
    } catch {
      // a full or forbidden storage: the clip stays in this page
    }
  }

  function clipped(): Clip | null {
    clip.value = readClip(stored()) ?? clip.value;
    return clip.value;
  }

  function go(node: Node, found: Removal, word: "flow_said_removed" | "flow_said_cut"): void {
    const what = name(node);
    const selected = builder.selection.value;
    const drawer = selected !== null && isWithin(selected, node.path);
    builder.edit(found.edit, drawer ? { select: null } : {});
    if (found.next) arrive(found.next, "tree");
    else {
      active.value = ".start";
      focusTree.value += 1;
    }
    builder.announce(t(word, { what }));
  }

  function taken(node: Node, word: "flow_said_removed" | "flow_said_cut"): void {
    const found = removal(builder.document.value, node.path);
    if (!found) return;
    const broken = listed(found.broken);
    if (word === "flow_said_cut" || (broken.length === 0 && found.inner === 0)) return go(node, found, word);
    question.value = {
      title: t("flow_remove_title", { what: name(node) }),
      lines: [...(found.inner > 0 ? [t("flow_remove_inner", { n: found.inner })] : []), ...broken],
      yes: t("remove"),
      answer: () => go(node, found, word),
    };
  }

  const flow: Flow = {
    builder, tree, names, problems, chosen, collapsed, active, focusTree, focusDrawer, clip, question, submitter, name, choose,
    get form() {
      return form.value;
    },
    offers: offers(builder.boot.catalogue),
    toggle(key) {
      const next = new Set(collapsed.value);
      if (!next.delete(key)) next.add(key);
      collapsed.value = next;
    },
    collapseAll(all) {
      collapsed.value = all ? new Set([...tree.value.byKey.values()].filter((node) => isStep(node) && node.branches.length > 0).map((node) => node.key)) : new Set();
    },
    insert(offer, list, index) {
      const step = offer.make({ document: builder.document.value, form: form.value, catalogue: builder.boot.catalogue });
      builder.edit(insertStep(list, index, step));
      arrive([...list, index], "drawer");
      const node = nodeTo([...list, index]);
      if (node) builder.announce(t("flow_said_added", { what: name(node), where: placeInWords(node) }));
    },
    addBranch(step) {
      const to = [...step.path, "branches", placeOfBranch(step.document)];
      const branch = newBranch(step.document, form.value);
      const place = branch["otherwise"] === true ? [...step.path, "branches", step.branches.length] : to;
      builder.edit({ kind: "insert", path: place, value: branch });
      arrive(place, "drawer");
      const node = nodeTo(place);
      if (node) builder.announce(t("flow_said_added", { what: name(node), where: placeInWords(node) }));
    },
    move: (node, direction) => moved(node, moveBy(builder.document.value, node.path, direction)),
    drop(node, to) {
      const found = moveTo(builder.document.value, node.path, to);
      if (found) moved(node, found);
    },
    copy(node) {
      keep(node);
      builder.announce(t("flow_said_copied", { what: name(node) }));
    },
    cut(node) {
      keep(node);
      taken(node, "flow_said_cut");
    },
    paste(list, index) {
      const found = clipped();
      if (!found || builder.readonly) return builder.announce(t("flow_said_no_clip"));
      added(pasteSteps(builder.document.value, found, list, index, fields()), "flow_said_pasted", clipName(found));
    },
    pasteAt(node) {
      const found = clipped();
      if (!found || builder.readonly) return builder.announce(t("flow_said_no_clip"));
      const step = isStep(node) ? node : node.step;
      if (found.sort === "branch" && step.branches.length > 0) {
        return added(pasteBranch(builder.document.value, found, step, fields()), "flow_said_pasted", clipName(found));
      }
      if (isStep(node)) flow.paste(node.path.slice(0, -1), Number(node.path.at(-1)) + 1);
      else flow.paste([...node.path, "steps"], 0);
    },
    duplicate(node) {
      const found = duplicated(builder.document.value, node.path);
      if (found) added(found, "flow_said_duplicated", name(node));
    },
    remove: (node) => taken(node, "flow_said_removed"),
    edit(edit, merge) {
      builder.edit(edit, merge === undefined ? {} : { merge });
    },
  };

  watch(builder.revealed, (now) => {
    const node = now && nodeTo(now.path);
    if (!node) return;
    active.value = node.key;
    reveal(node);
    focusTree.value += 1;
  });
  watch(tree, (now) => {
    if (active.value && !active.value.startsWith(".") && !now.byKey.has(active.value)) {
      const node = chosen.value;
      active.value = node !== null && node !== "settings" ? node.key : ".start";
    }
  });
  provide(KEY, flow);
  return flow;
}

export function clipName(clip: Clip): string {
  const tree = readTree({ steps: [...clip.steps] });
  const first = tree.steps[0];
  const branch = clip.branch && (branchTitle({ document: clip.branch, id: text(clip.branch["id"]) } as BranchNode) || "");
  return branch || (first ? stepTitle(first) : t("flow_untitled"));
}

function stored(): string | null {
  try {
    return localStorage.getItem(CLIPBOARD);
  } catch {
    return null;
  }
}

function byNode(builder: Builder, tree: Tree): Map<string, Problem[]> {
  const found = new Map<string, Problem[]>();
  for (const problem of builder.problems.value) {
    const path = pathOf(problem.path, builder.document.value);
    const key = path[0] === "steps" ? (nodeAt(tree, path)?.key ?? "") : "";
    found.set(key, [...(found.get(key) ?? []), problem]);
  }
  return found;
}

