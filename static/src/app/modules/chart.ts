/** A drawing of numbers that also stand in a table below it; what draws it comes only where there is one. */

import {
  BarController,
  BarElement,
  CategoryScale,
  Chart,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
  Tooltip,
} from "chart.js";

Chart.register(BarController, BarElement, CategoryScale, LinearScale, LineController, LineElement, PointElement, Tooltip);

interface Drawing {
  title: string;
  type: "bar" | "line";
  labels: string[];
  values: (number | null)[];
  most: number | null;
  /** What others reached. */
  reference: { value: number; label: string } | null;
}

/** A line far above all that is drawn would press it flat: the words above the drawing say it then. */
const FAR = 2;

export function isNear({ values, most, reference }: Pick<Drawing, "values" | "most" | "reference">): boolean {
  if (!reference) return false;
  return reference.value <= (most ?? FAR * Math.max(0, ...values.map((each) => each ?? 0)));
}

export default function chart(element: HTMLElement): void {
  const drawing = JSON.parse(element.dataset["chart"] ?? "{}") as Drawing;
  let drawn = draw(element as HTMLCanvasElement, drawing);
  // Colours are those of the theme, which may be switched while the page is open.
  new MutationObserver(() => {
    drawn.destroy();
    drawn = draw(element as HTMLCanvasElement, drawing);
  }).observe(document.documentElement, { attributes: true, attributeFilter: ["data-bs-theme"] });
}

function draw(canvas: HTMLCanvasElement, drawing: Drawing): Chart {
  const { title, type, labels, values, most, reference } = drawing;
  const colour = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const font = { family: getComputedStyle(document.body).fontFamily, size: 12 };
  const grid = { color: colour("--line"), drawTicks: false };
  const ticks = { color: colour("--text-2"), font, padding: 6 };
  const accent = colour("--accent");
  return new Chart(canvas, {
    type,
    data: {
      labels,
      datasets: [
        {
          label: title,
          data: values,
          backgroundColor: type === "bar" ? colour("--accent-line") : accent,
          hoverBackgroundColor: accent,
          borderColor: accent,
          borderWidth: type === "bar" ? 0 : 2,
          clip: 8,
          ...(type === "bar" ? { borderRadius: 3, maxBarThickness: 28 } : { pointRadius: 2.5, pointHoverRadius: 5, spanGaps: true }),
        },
        ...(reference && isNear(drawing)
          ? [
              {
                type: "line" as const,
                label: reference.label,
                data: labels.map(() => reference.value),
                borderColor: colour("--text-3"),
                borderWidth: 1.5,
                borderDash: [5, 3],
                pointRadius: 0,
                pointHoverRadius: 0,
              },
            ]
          : []),
      ],
    },
    options: {
      animation: false,
      maintainAspectRatio: false,
      interaction: { mode: "index", intersect: false },
      plugins: { tooltip: { displayColors: false } },
      scales: {
        x: { grid: { display: false }, border: { color: colour("--line") }, ticks: { ...ticks, maxRotation: 0, autoSkipPadding: 16 } },
        y: { beginAtZero: true, ...(most ? { max: most } : {}), grid, border: { display: false }, ticks: { ...ticks, maxTicksLimit: 5, precision: 0 } },
      },
    },
  });
}
