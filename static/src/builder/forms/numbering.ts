/** What the number of a record would look like; `forms/numbering.py` makes the real ones. */

const DATES: Readonly<Record<string, (day: Date) => string>> = {
  yyyy: (day) => String(day.getFullYear()),
  yy: (day) => String(day.getFullYear()).slice(-2),
  MM: (day) => String(day.getMonth() + 1).padStart(2, "0"),
  dd: (day) => String(day.getDate()).padStart(2, "0"),
};

export function exampleOf(pattern: string, day: Date): string {
  return pattern.replace(/\{([^{}]*)\}/g, (whole, part: string) => {
    if (/^0{1,12}$/.test(part)) return "1".padStart(part.length, "0");
    const filled = part.replace(/yyyy|yy|MM|dd/g, (name) => DATES[name]?.(day) ?? name);
    return /^\d+$/.test(filled) ? filled : whole;
  });
}
