/** Drawings of the icons that the builder uses: add the name here to use one. Those of field types come with the page. */

const files = import.meta.glob<string>(
  [
    "/node_modules/bootstrap-icons/icons/{plus-lg,dash-lg,x-lg,check-lg,trash,copy,clipboard,scissors,pencil,search,gear,eye,eye-slash}.svg",
    "/node_modules/bootstrap-icons/icons/{arrow-up,arrow-down,arrow-left,arrow-right,arrow-return-left,arrow-counterclockwise,arrow-clockwise}.svg",
    "/node_modules/bootstrap-icons/icons/{chevron-left,chevron-right,chevron-down,chevron-up,grip-vertical,three-dots,list-ul}.svg",
    "/node_modules/bootstrap-icons/icons/{exclamation-triangle,exclamation-circle,exclamation-lg,check-circle,check2-circle,info-circle,question-circle}.svg",
    "/node_modules/bootstrap-icons/icons/{cloud-check,cloud-arrow-up,cloud-slash,cloud,lock,person,people,clock,clock-history,bell,envelope}.svg",
    "/node_modules/bootstrap-icons/icons/{braces,code-slash,ui-checks,diagram-3,play,play-circle,file-earmark-text,download,upload,printer,shuffle}.svg",
    "/node_modules/bootstrap-icons/icons/{phone,laptop,translate,calculator,table,columns-gap,layout-split,asterisk,link-45deg,puzzle,star}.svg",
    "/node_modules/bootstrap-icons/icons/{sign-turn-right,signpost-split,hourglass-split,lightning,send,person-check,tools,zoom-in,zoom-out,arrows-collapse,arrows-expand}.svg",
    "/node_modules/bootstrap-icons/icons/{sliders,clipboard-check,bar-chart-steps,cash-stack,diagram-2,x-circle}.svg",
  ],
  { query: "?raw", import: "default", eager: true },
);

const drawings = new Map<string, string>();
for (const [path, svg] of Object.entries(files)) {
  const name = /([^/]+)\.svg$/.exec(path)?.[1];
  const drawing = /<svg[^>]*>([\s\S]*)<\/svg>/.exec(svg)?.[1];
  if (name && drawing) drawings.set(name, drawing);
}

export function learnIcons(known: Readonly<Record<string, string>>): void {
  for (const [name, drawing] of Object.entries(known)) if (drawing) drawings.set(name, drawing);
}

export function drawingOf(name: string): string {
  return drawings.get(name) ?? '<circle cx="8" cy="8" r="3"/>';
}
