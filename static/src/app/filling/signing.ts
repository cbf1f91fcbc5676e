/** A place to sign with finger, pen or mouse: what was drawn becomes a picture as soon as the hand rests. */

const RESTS_AFTER = 800;
const INK = "#16202c";

export class Pad {
  private timer: number | undefined;
  private drawn = false;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly take: (file: File) => void,
  ) {}

  start(): void {
    this.canvas.addEventListener("pointerdown", (event) => this.begin(event));
    this.canvas.addEventListener("pointermove", (event) => {
      if (this.canvas.hasPointerCapture(event.pointerId)) this.draw(event);
    });
    for (const name of ["pointerup", "pointercancel"]) this.canvas.addEventListener(name, () => this.rest());
  }

  clear(): void {
    window.clearTimeout(this.timer);
    this.drawn = false;
    this.canvas.width = this.canvas.clientWidth * 2; // also empties it
  }

  /** Takes what was drawn, if it was not taken yet; whether there was something. */
  finish(): boolean {
    window.clearTimeout(this.timer);
    if (!this.drawn) return false;
    this.drawn = false;
    this.take(pictureOf(this.canvas));
    return true;
  }

  private begin(event: PointerEvent): void {
    event.preventDefault();
    window.clearTimeout(this.timer);
    this.canvas.setPointerCapture(event.pointerId);
    const { canvas } = this;
    if (canvas.width !== canvas.clientWidth * 2) canvas.width = canvas.clientWidth * 2;
    const pen = canvas.getContext("2d");
    if (!pen) return;
    pen.lineWidth = 4;
    pen.lineCap = pen.lineJoin = "round";
    pen.strokeStyle = INK;
    pen.beginPath();
    pen.moveTo(...this.place(event));
    this.draw(event);
  }

  private draw(event: PointerEvent): void {
    const pen = this.canvas.getContext("2d");
    pen?.lineTo(...this.place(event));
    pen?.stroke();
    this.drawn = true;
  }

  private rest(): void {
    window.clearTimeout(this.timer);
    if (this.drawn) this.timer = window.setTimeout(() => this.finish(), RESTS_AFTER);
  }

  private place(event: PointerEvent): [number, number] {
    const box = this.canvas.getBoundingClientRect();
    return [((event.clientX - box.left) * this.canvas.width) / box.width, ((event.clientY - box.top) * this.canvas.height) / box.height];
  }
}

/** On white, so that it is read in dark pages as well. */
function pictureOf(canvas: HTMLCanvasElement): File {
  const sheet = document.createElement("canvas");
  sheet.width = canvas.width;
  sheet.height = canvas.height;
  const pen = sheet.getContext("2d");
  if (pen) {
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, sheet.width, sheet.height);
    pen.drawImage(canvas, 0, 0);
  }
  const [, data = ""] = sheet.toDataURL("image/png").split(",");
  const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
  return new File([bytes], "signature.png", { type: "image/png" });
}
