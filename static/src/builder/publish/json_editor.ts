/** The editor of JSON: CodeMirror with our colours, loaded when the view is opened. */

import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap, type CompletionSource } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import { bracketMatching, foldGutter, foldKeymap, HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { type Diagnostic, lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { EditorState, type Extension } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { currentLanguage } from "../words";

export type { Diagnostic };

export interface JsonEditor {
  readonly view: EditorView;
  /** Replaces only what differs, so that the caret and the editor's own history stay. */
  become(text: string): void;
  show(diagnostics: readonly Diagnostic[]): void;
  /** Selects a span and brings it into view. */
  reveal(from: number, to: number): void;
}

interface Wishes {
  readonly parent: HTMLElement;
  readonly text: string;
  readonly label: string;
  readonly nonce: string;
  readonly readonly: boolean;
  readonly complete: CompletionSource;
  readonly typed: (text: string) => void;
}

const colours = HighlightStyle.define([
  { tag: tags.propertyName, class: "json-key" },
  { tag: tags.string, class: "json-text" },
  { tag: tags.number, class: "json-number" },
  { tag: [tags.bool, tags.null], class: "json-word" },
  { tag: tags.invalid, class: "json-wrong" },
]);

export function openEditor(wishes: Wishes): JsonEditor {
  const view = new EditorView({ parent: wishes.parent, state: EditorState.create({ doc: wishes.text, extensions: extensions(wishes) }) });
  return {
    view,
    become: (text) => become(view, text),
    show: (diagnostics) => view.dispatch(setDiagnostics(view.state, diagnostics)),
    reveal(from, to) {
      view.dispatch({ selection: { anchor: from, head: to }, effects: EditorView.scrollIntoView(from, { y: "center" }) });
      view.focus();
    },
  };
}

function extensions({ label, nonce, readonly, complete, typed }: Wishes): Extension[] {
  return [
    EditorView.cspNonce.of(nonce),
    lineNumbers(),
    foldGutter(),
    lintGutter(),
    history(),
    drawSelection(),
    indentOnInput(),
    indentUnit.of("  "),
    bracketMatching(),
    closeBrackets(),
    highlightActiveLine(),
    highlightActiveLineGutter(),
    highlightSelectionMatches(),
    search({ top: true }),
    json(),
    syntaxHighlighting(colours),
    autocompletion({ override: [complete], icons: false }),
    EditorState.readOnly.of(readonly),
    EditorState.phrases.of(currentLanguage() === "zh_CN" ? CHINESE : {}),
    EditorView.contentAttributes.of({ "aria-label": label, "data-testid": "json", tabindex: "0" }),
    EditorView.updateListener.of((update) => {
      const fromOutside = update.transactions.some((each) => each.isUserEvent("outside"));
      if (update.docChanged && !fromOutside) typed(update.state.doc.toString());
    }),
    keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...searchKeymap, ...historyKeymap, ...foldKeymap, ...completionKeymap, ...lintKeymap, indentWithTab]),
  ];
}

function become(view: EditorView, text: string): void {
  const before = view.state.doc.toString();
  if (before === text) return;
  let from = 0;
  const most = Math.min(before.length, text.length);
  while (from < most && before[from] === text[from]) from++;
  let end = 0;
  while (end < most - from && before[before.length - 1 - end] === text[text.length - 1 - end]) end++;
  view.dispatch({ changes: { from, to: before.length - end, insert: text.slice(from, text.length - end) }, userEvent: "outside" });
}

const CHINESE = {
  "Control character": "控制字符",
  "Folded lines": "已折叠的行",
  "Unfolded lines": "已展开的行",
  "folded code": "已折叠的代码",
  unfold: "展开",
  "Fold line": "折叠",
  "Unfold line": "展开",
  Find: "查找",
  Replace: "替换为",
  next: "下一个",
  previous: "上一个",
  all: "全选",
  "match case": "区分大小写",
  regexp: "正则表达式",
  "by word": "全字匹配",
  replace: "替换",
  "replace all": "全部替换",
  close: "关闭",
  "current match": "当前匹配",
  "replaced $ matches": "已替换 $ 处",
  "replaced match on line $": "已替换第 $ 行的匹配",
  "on line": "在第",
  Completions: "补全",
  Diagnostics: "问题",
  "No diagnostics": "没有问题",
};
