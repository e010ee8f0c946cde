// All that is drawn, small, and which part of it is seen; a way to another part.
const map = $("map");
const [MAP_WIDTH, MAP_HEIGHT] = [176, 104]; // pixels, as in page.css
const plan = { k: 1, left: 0, top: 0, picture: null };

/** The picture is drawn once for a scene; over it goes the frame of what is seen. */
function drawMap() {
  const scale = devicePixelRatio;
  const [width, height] = [MAP_WIDTH, MAP_HEIGHT];
  const { w, h } = camera.bounds;
  [map.width, map.height] = [width * scale, height * scale];
  plan.picture = document.createElement("canvas");
  [plan.picture.width, plan.picture.height] = [map.width, map.height];
  plan.k = Math.min((width - 12) / w, (height - 12) / h);
  [plan.left, plan.top] = [(width - w * plan.k) / 2, (height - h * plan.k) / 2];
  const brush = plan.picture.getContext("2d");
  brush.scale(scale, scale);
  const colours = new Map();
  for (const [id, made] of nodes) {
    const box = drawnScene.boxOf.get(id);
    const { op } = resources[id];
    if (!box.children && !colours.has(op)) colours.set(op, getComputedStyle(made).color);
    brush.globalAlpha = box.children ? 0.12 : op === "same" ? 0.35 : 1;
    brush.fillStyle = colours.get(op) ?? "#888";
    brush.fillRect(plan.left + box.x * plan.k, plan.top + box.y * plan.k, Math.max(1.5, box.w * plan.k), Math.max(1.5, box.h * plan.k));
  }
  drawFrame();
}

function drawFrame() {
  if (!plan.picture) return;
  const { width, height } = canvas.getBoundingClientRect();
  const { w, h } = camera.bounds;
  const scale = devicePixelRatio;
  map.hidden = nodes.size === 0 || (w * camera.k <= width && h * camera.k <= height);
  if (map.hidden) return;
  const brush = map.getContext("2d");
  brush.setTransform(1, 0, 0, 1, 0, 0);
  brush.clearRect(0, 0, map.width, map.height);
  brush.drawImage(plan.picture, 0, 0);
  brush.scale(scale, scale);
  brush.lineWidth = 1.5;
  brush.strokeStyle = getComputedStyle(map).color;
  brush.strokeRect(plan.left + (-camera.x / camera.k) * plan.k, plan.top + (-camera.y / camera.k) * plan.k, (width / camera.k) * plan.k, (height / camera.k) * plan.k);
}

/** What is pointed at comes to the middle. */
function goTo(event) {
  if (event.buttons === 0) return;
  const { width, height } = camera.room();
  const [x, y] = [(event.offsetX - plan.left) / plan.k, (event.offsetY - plan.top) / plan.k];
  camera.pan(width / 2 - x * camera.k - camera.x, height / 2 - y * camera.k - camera.y);
}

for (const name of ["pointerdown", "pointermove"]) map.addEventListener(name, goTo);
new ResizeObserver(drawFrame).observe(canvas);
