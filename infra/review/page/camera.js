// Pan and zoom: by mouse, wheel, touch, keys and buttons.
const STEP = 1.3;
const FAR = [0.42, 0.2, 0.08]; // below these texts are too small to be read
const LEGEND = 48; // pixels
const READABLE = 0.55;
const SCALES = [0.01, 2.5];

const camera = {
  x: 0, y: 0, k: 1, world: null, bounds: null,

  apply() {
    this.world?.setAttribute("transform", `translate(${this.x} ${this.y}) scale(${this.k})`);
    FAR.forEach((scale, at) => canvas.classList.toggle(`far-${at}`, this.k < scale));
    drawFrame();
    cancelAnimationFrame(this.culling);
    this.culling = requestAnimationFrame(cull);
  },

  /** Moves there: at once if it is wished that nothing moves by itself. */
  go(x, y, k) {
    cancelAnimationFrame(this.frame);
    const from = { x: this.x, y: this.y, k: this.k };
    const begun = performance.now();
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const step = (now) => {
      const part = still ? 1 : Math.min(1, Math.max(0, (now - begun) / 260));
      const eased = 1 - (1 - part) ** 3;
      for (const [name, to] of Object.entries({ x, y, k })) this[name] = from[name] + (to - from[name]) * eased;
      this.apply();
      if (part < 1) this.frame = requestAnimationFrame(step);
    };
    step(begun);
  },

  /** What the panel of the selected resource leaves of the canvas. */
  room() {
    const { width, height } = canvas.getBoundingClientRect();
    const panel = $("details");
    if (panel.hidden) return { width, height };
    const aside = panel.offsetWidth < width * 0.7;
    return aside ? { width: width - panel.offsetWidth - 12, height } : { width, height: height - panel.offsetHeight };
  },

  fit(least = SCALES[0], towards = null) {
    const { width, height } = this.room();
    const { w, h } = this.bounds;
    if (!width || !w) return;
    const all = Math.min((width - 48) / w, (height - 48) / h, 1.1);
    const k = Math.max(all, least);
    const middle = (size, length, at) => (size * k <= length ? (length - size * k) / 2 : Math.min(24, Math.max(length - 24 - size * k, length / 2 - at * k)));
    const at = towards ?? { x: 0, y: 0, w: 0, h: 0 };
    this.go(middle(w, width, at.x + at.w / 2), middle(h, height, at.y + at.h / 2), k);
  },

  /** Brings a box to where it is seen, if it isn't; the legend is above. */
  reveal(box) {
    const { width, height } = this.room();
    const k = Math.max(this.k, 0.72);
    const tall = Math.min(box.h * k, NODE.h * 3);
    const [left, top] = [this.x + box.x * this.k, this.y + box.y * this.k];
    const seen = left > 8 && top > LEGEND && left + box.w * this.k < width - 8 && top + tall < height - 8;
    if (seen && k === this.k) return;
    this.go(width / 2 - (box.x + box.w / 2) * k, LEGEND + (height - LEGEND - tall) / 3 - box.y * k, k);
  },

  /** Brings a box with all that is lit with it to where it is seen, as far as it can be read then; else the box alone. */
  frame(box, others) {
    const { width, height } = this.room();
    const all = [box, ...others];
    const [left, top] = [Math.min(...all.map(({ x }) => x)), Math.min(...all.map(({ y }) => y))];
    const [w, h] = [Math.max(...all.map((one) => one.x + one.w)) - left, Math.max(...all.map((one) => one.y + one.h)) - top];
    const k = Math.min((width - 32) / w, (height - LEGEND - 24) / h, Math.max(this.k, 0.72));
    if (k < READABLE) { this.reveal(box); return; }
    this.go((width - w * k) / 2 - left * k, LEGEND + (height - LEGEND - 16 - h * k) / 2 - top * k, k);
  },

  /** Zooms, with what is at a point staying there. */
  zoom(factor, x = this.room().width / 2, y = this.room().height / 2, smooth = false) {
    const k = Math.min(SCALES[1], Math.max(SCALES[0], this.k * factor));
    const to = [x - ((x - this.x) * k) / this.k, y - ((y - this.y) * k) / this.k, k];
    if (smooth) this.go(...to);
    else { cancelAnimationFrame(this.frame); [this.x, this.y, this.k] = to; this.apply(); }
  },

  pan(dx, dy) {
    cancelAnimationFrame(this.frame);
    this.x += dx; this.y += dy;
    this.apply();
  },
};

{
  const fingers = new Map();
  let moved = 0;
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button > 0) return;
    if (fingers.size === 0) moved = 0;
    fingers.set(event.pointerId, [event.clientX, event.clientY]);
  });
  canvas.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const [dx, dy] = [event.clientX - before[0], event.clientY - before[1]];
    moved += Math.abs(dx) + Math.abs(dy);
    if (moved < 5) return;
    canvas.setPointerCapture(event.pointerId);
    canvas.classList.add("dragging");
    const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
    fingers.set(event.pointerId, [event.clientX, event.clientY]);
    if (!other) { camera.pan(dx, dy); return; }
    const apart = ([x, y]) => Math.hypot(x - other[0], y - other[1]);
    const { left, top } = canvas.getBoundingClientRect();
    camera.pan(dx / 2, dy / 2);
    camera.zoom(apart([event.clientX, event.clientY]) / Math.max(1, apart(before)), (event.clientX + other[0]) / 2 - left, (event.clientY + other[1]) / 2 - top);
  });
  for (const end of ["pointerup", "pointercancel"]) addEventListener(end, (event) => { fingers.delete(event.pointerId); canvas.classList.remove("dragging"); });
  // The click that ends a drag is none.
  canvas.addEventListener("click", (event) => { if (moved >= 5) event.stopImmediatePropagation(); }, true);
  // Beside the findings the wheel is the graph's; below them it scrolls the page, unless it is a pinch.
  canvas.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey && !beside()) return;
    event.preventDefault();
    const { left, top } = canvas.getBoundingClientRect();
    const lines = event.deltaMode === 1 ? 16 : 1;
    camera.zoom(Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0015)), event.clientX - left, event.clientY - top);
  }, { passive: false });
}
