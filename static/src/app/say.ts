/** Words that the server translated for scripts: they stand in the body's `data-say`. */

export type Word = "close" | "cancel" | "confirm" | "failed" | "copied";

let words: Partial<Record<Word, string>> | undefined;

/** The word in the language of the page. */
export function say(word: Word): string {
  words ??= JSON.parse(document.body.dataset["say"] ?? "{}") as Partial<Record<Word, string>>;
  return words[word] ?? word;
}
