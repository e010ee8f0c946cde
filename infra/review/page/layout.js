// Where everything is drawn: in rows, what is used above what uses it, component by component.
//
// The usual layered way (Sugiyama, Tagawa, Toda 1981): break circles, rank by longest path, order each row by the
// barycentre of its neighbours, and then move everything as near to its neighbours as the order allows, which is an
// isotonic regression (pool adjacent violators). A component is laid out by itself first, and is then one box among
// others. The same stack is always laid out the same way.
//
// A box has a size, and children if it is a component; a link goes from a box to a box, wherever they are.
const GAP = { row: 52, box: 18, lane: 10, grid: 12, pack: 40, inside: 18, title: 30 };
const WIDE = 1800; // pixels that a row may have in any case
const SWEEPS = 12;
const TWINS = 4; // so many boxes with the same neighbours are drawn as a block

/** Gives every box under `root` its x and y, and every link its points, in the plane of `root`. */
function arrange(root, links) {
  const boxes = [];
  (function index(box, depth) {
    Object.assign(box, { depth, index: boxes.push(box) - 1, links: new Map() });
    for (const child of box.children ?? []) { child.owner = box; index(child, depth + 1); }
  })(root, 0);
  for (const link of links) lift(link);
  for (const box of boxes.reverse()) if (box.children) place(box, box === root);
  Object.assign(root, { x: 0, y: 0 });
  for (const box of boxes.reverse()) for (const child of box.children ?? []) shift(child, box.x, box.y);
  for (const link of links) link.points = route(link);
}

function shift(box, x, y) {
  box.x += x; box.y += y;
  for (const side of ["exit", "entry"]) box[side] = box[side]?.map(([left, top]) => [left + x, top + y]);
}

/** A link is its lowest common owner's, between the two children that hold its ends; it leaves one, and enters the other. */
function lift(link) {
  let { from, to } = link;
  while (from.depth > to.depth) from = from.owner;
  while (to.depth > from.depth) to = to.owner;
  if (from === to) return; // one holds the other
  while (from.owner !== to.owner) [from, to] = [from.owner, to.owner];
  const key = `${from.index} ${to.index}`;
  const { links } = from.owner;
  if (!links.has(key)) links.set(key, { from, to, members: [] });
  link.lifted = links.get(key);
  link.lifted.members.push(link);
  for (let at = link.from; at !== from; at = at.owner) at.leaves = true;
  for (let at = link.to; at !== to; at = at.owner) at.enters = true;
}

function place(box, bare) {
  for (const link of box.links.values()) {
    const mean = (end, way) => link.members.reduce((sum, member) => sum + across(member[end], link[end], way), 0) / link.members.length;
    Object.assign(link, { fromX: mean("from", "exit"), toX: mean("to", "entry") });
  }
  const pieces = connected(box.children, [...box.links.values()]).map(layered);
  pack(pieces);
  const [left, top, edge] = bare ? [0, 0, 0] : [GAP.inside, GAP.title + GAP.inside / 2, GAP.inside];
  box.w = edge; box.h = edge;
  for (const piece of pieces) {
    for (const child of piece.boxes) shift(child, piece.x + left, piece.y + top);
    for (const link of piece.links) link.bends = link.bends?.map(([x, y]) => [x + piece.x + left, y + piece.y + top]);
    box.w = Math.max(box.w, piece.x + piece.w + left + edge);
    box.h = Math.max(box.h, piece.y + piece.h + top + edge);
  }
  box.w = Math.max(box.w, box.least ?? 0);
}

/** How far right of the left side of a box a link to what is somewhere in it goes in or out. */
function across(box, holder, way) {
  let x = box.w / 2;
  for (let at = box; at !== holder; at = at.owner) x = at[way]?.length ? at[way][0][0] : x + at.x;
  return x;
}

/** The parts that no link joins; a box of many twins stands for all of them, alone ones among them. */
function connected(boxes, links) {
  const near = new Map(boxes.map((box) => [box, []]));
  for (const link of links) { near.get(link.from).push(link.to); near.get(link.to).push(link.from); }
  const parts = [];
  const seen = new Set();
  const alone = boxes.filter((box) => near.get(box).length === 0 && !box.children);
  if (alone.length) parts.push({ boxes: alone, links: [] });
  for (const start of boxes) {
    if (seen.has(start) || (near.get(start).length === 0 && !start.children)) continue;
    const part = new Set([start]);
    for (const box of part) for (const other of near.get(box)) part.add(other);
    for (const box of part) seen.add(box);
    parts.push({ boxes: [...part].sort((a, b) => a.index - b.index), links: [] });
  }
  const where = new Map(parts.flatMap((part) => part.boxes.map((box) => [box, part])));
  for (const link of links) where.get(link.from).links.push(link);
  return parts;
}

function layered({ boxes, links }) {
  const { items, chains } = blocks(boxes, links);
  acyclic(items, chains);
  rank(items);
  const size = coordinates(order(items, chains));
  const bent = (lanes) => lanes.flatMap((lane) => [[lane.x + 1, lane.y], [lane.x + 1, lane.y + lane.h]]);
  for (const item of items) {
    for (const [box, x, y] of item.members) {
      Object.assign(box, { x: item.x + x, y: item.y + y, exit: bent(item.exit), entry: bent(item.entry) });
    }
  }
  for (const chain of chains) {
    const bends = bent(chain.lanes);
    for (const link of chain.links) link.bends = chain.reversed ? [...bends].reverse() : bends;
  }
  return { boxes, links, ...size };
}

/** What is ordered: boxes, and blocks of those that have the same neighbours and nothing in them. */
function blocks(boxes, links) {
  const neighbours = new Map(boxes.map((box) => [box, []]));
  for (const { from, to } of links) { neighbours.get(from).push(`>${to.index}`); neighbours.get(to).push(`<${from.index}`); }
  const groups = new Map();
  for (const box of boxes) {
    const key = box.children ? `#${box.index}` : neighbours.get(box).sort().join(" ");
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(box);
  }
  const items = [];
  const of = new Map();
  for (const group of groups.values()) {
    for (const members of group.length >= TWINS ? [group] : group.map((box) => [box])) {
      const item = grid(members);
      for (const box of members) of.set(box, item);
      items.push(item);
    }
  }
  items.sort((a, b) => a.first - b.first);
  const chains = new Map();
  for (const link of links) {
    const [from, to] = [of.get(link.from), of.get(link.to)];
    const key = `${from.first} ${to.first}`;
    if (!chains.has(key)) chains.set(key, { from, to, links: [], lanes: [], fromX: 0, toX: 0 });
    const chain = chains.get(key);
    chain.links.push(link);
    chain.fromX += from.members.length > 1 ? from.w / 2 : link.fromX;
    chain.toX += to.members.length > 1 ? to.w / 2 : link.toX;
  }
  for (const chain of chains.values()) { chain.fromX /= chain.links.length; chain.toX /= chain.links.length; }
  return { items, chains: [...chains.values()] };
}

function grid(boxes) {
  const [w, h] = [Math.max(...boxes.map((box) => box.w)) + GAP.grid, Math.max(...boxes.map((box) => box.h)) + GAP.grid];
  const columns = Math.max(Math.min(3, boxes.length), Math.round(Math.sqrt((boxes.length * h * 1.6) / w)));
  const members = boxes.map((box, at) => [box, (at % columns) * w, Math.floor(at / columns) * h]);
  const rows = Math.ceil(boxes.length / columns);
  return { members, first: boxes[0].index, ins: [], outs: [], w: Math.min(columns, boxes.length) * w - GAP.grid, h: rows * h - GAP.grid };
}

/** Turns the links around that close a circle. */
function acyclic(items, chains) {
  for (const chain of chains) { chain.from.outs.push(chain); chain.to.ins.push(chain); }
  const state = new Map();
  for (const start of items) {
    if (state.has(start)) continue;
    const path = [[start, 0]];
    state.set(start, "open");
    while (path.length) {
      const top = path.at(-1);
      const chain = top[0].outs[top[1]++];
      if (!chain) { state.set(top[0], "done"); path.pop(); continue; }
      if (state.get(chain.to) === "open") chain.reversed = true;
      else if (!state.has(chain.to)) { state.set(chain.to, "open"); path.push([chain.to, 0]); }
    }
  }
  for (const chain of chains) if (chain.reversed) {
    [chain.from, chain.to, chain.fromX, chain.toX] = [chain.to, chain.from, chain.toX, chain.fromX];
  }
  for (const item of items) { item.ins = []; item.outs = []; }
  for (const chain of chains) { chain.from.outs.push(chain); chain.to.ins.push(chain); }
}

/** Rows by the longest path, none much wider than all is high; what is used by more than it uses stands near its users. */
function rank(items) {
  const waits = new Map(items.map((item) => [item, item.ins.length]));
  const sorted = items.filter((item) => item.ins.length === 0);
  const area = items.reduce((sum, item) => sum + (item.w + GAP.box) * (item.h + GAP.row), 0);
  const widest = Math.max(WIDE, Math.sqrt(area * 2));
  const filled = [];
  const settled = (item, row) => { item.rank = row; filled[row] = (filled[row] ?? 0) + item.w + GAP.box; };
  for (const item of sorted) {
    let row = item.ins.reduce((most, chain) => Math.max(most, chain.from.rank + 1), 0);
    while (filled[row] && filled[row] + item.w > widest) row += 1;
    settled(item, row);
    for (const { to } of item.outs) { waits.set(to, waits.get(to) - 1); if (waits.get(to) === 0) sorted.push(to); }
  }
  for (const item of sorted.reverse()) {
    const row = item.outs.reduce((least, chain) => Math.min(least, chain.to.rank), Infinity) - 1;
    if (item.outs.length <= item.ins.length || row <= item.rank || (filled[row] ?? 0) + item.w > widest) continue;
    filled[item.rank] -= item.w + GAP.box;
    settled(item, row);
  }
  const used = [...new Set(items.map((item) => item.rank))].sort((one, other) => one - other);
  for (const item of items) item.rank = used.indexOf(item.rank);
}

/** Boxes, and lanes for the links that pass a row, in the order in which their links cross least. */
function order(items, chains) {
  const rows = Array.from({ length: Math.max(...items.map((item) => item.rank)) + 1 }, () => []);
  for (const item of items) { item.above = []; item.below = []; rows[item.rank].push(item); }
  const join = (upper, lower, x, otherX, weight) => {
    upper.below.push({ other: lower, x, otherX, weight });
    lower.above.push({ other: upper, x: otherX, otherX: x, weight });
  };
  const laneIn = (row) => {
    const lane = { lane: true, members: [], w: 2, h: 0, above: [], below: [] };
    rows[row].push(lane);
    return lane;
  };
  /** The way from an item to where its component ends, below it or above; from the top down. */
  const out = (item, first, end) => {
    const step = Math.sign(end - first);
    const lanes = [];
    let [last, x] = [item, item.w / 2];
    for (let row = first; row !== end && step !== 0; row += step) {
      const lane = laneIn(row);
      if (step > 0) join(last, lane, x, 1, last.lane ? 8 : 2); else join(lane, last, 1, x, last.lane ? 8 : 2);
      lanes.push(lane);
      [last, x] = [lane, 1];
    }
    return step > 0 ? lanes : lanes.reverse();
  };
  for (const chain of chains) {
    let [upper, x] = [chain.from, chain.fromX];
    for (let row = chain.from.rank + 1; row < chain.to.rank; row++) {
      const lane = laneIn(row);
      chain.lanes.push(lane);
      join(upper, lane, x, 1, upper.lane ? 8 : 2);
      [upper, x] = [lane, 1];
    }
    join(upper, chain.to, x, chain.toX, upper.lane ? 2 : 1);
  }
  for (const item of items) {
    item.exit = item.members.some(([box]) => box.leaves) ? out(item, item.rank + 1, rows.length) : [];
    item.entry = item.members.some(([box]) => box.enters) ? out(item, item.rank - 1, -1) : [];
  }
  const number = (row) => row.forEach((item, at) => { item.at = at; });
  rows.forEach(number);
  let best = { crossings: Infinity };
  for (let sweep = 0; sweep <= SWEEPS && best.crossings > 0; sweep++) {
    const side = sweep % 2 ? "below" : "above";
    for (const row of sweep % 2 ? [...rows].reverse() : rows) {
      for (const item of row) {
        const ends = item[side];
        item.wish = ends.length ? ends.reduce((sum, end) => sum + end.other.at + end.otherX / (end.other.w + 1), 0) / ends.length : item.at;
      }
      row.sort((a, b) => a.wish - b.wish || a.at - b.at);
      number(row);
    }
    const crossings = rows.reduce((sum, row) => sum + crossed(row), 0);
    if (crossings < best.crossings) best = { crossings, rows: rows.map((row) => [...row]) };
  }
  return best.rows;
}

/** Crossings between a row and the next: pairs of links whose ends are in different orders, by a Fenwick tree. */
function crossed(row) {
  const ends = row.flatMap((item) => item.below.map((end) => end.other.at).sort((a, b) => a - b));
  const tree = new Array(ends.reduce((most, end) => Math.max(most, end), 0) + 2).fill(0);
  let found = 0;
  ends.forEach((end, before) => {
    let noLater = 0;
    for (let at = end + 1; at > 0; at -= at & -at) noLater += tree[at];
    found += before - noLater;
    for (let at = end + 1; at < tree.length; at += at & -at) tree[at] += 1;
  });
  return found;
}

function coordinates(rows) {
  for (const row of rows) settle(row, row.map(() => 0));
  const wished = (item, ends) => {
    const weight = ends.reduce((sum, end) => sum + end.weight, 0);
    return weight ? ends.reduce((sum, end) => sum + end.weight * (end.other.x + end.otherX - end.x), 0) / weight : item.x;
  };
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const last = sweep >= SWEEPS - 4;
    for (const row of sweep % 2 ? [...rows].reverse() : rows) {
      settle(row, row.map((item) => wished(item, last ? [...item.above, ...item.below] : sweep % 2 ? item.below : item.above)));
    }
  }
  let y = 0;
  let [left, right] = [Infinity, 0];
  for (const row of rows) {
    const h = row.reduce((most, item) => Math.max(most, item.h), 0);
    for (const item of row) { item.y = y; if (item.lane) item.h = h; left = Math.min(left, item.x); }
    y += h + GAP.row;
  }
  for (const item of rows.flat()) { item.x -= left; right = Math.max(right, item.x + item.w); }
  return { w: right, h: y - GAP.row };
}

/** As near as can be to where each wishes to be, in their order and with room between them (least squares). */
function settle(row, wishes) {
  const pools = [];
  let room = 0;
  row.forEach((item, at) => {
    item.room = room;
    let pool = { sum: wishes[at] - room, count: 1 };
    while (pools.length && pools.at(-1).sum / pools.at(-1).count > pool.sum / pool.count) {
      const former = pools.pop();
      pool = { sum: former.sum + pool.sum, count: former.count + pool.count };
    }
    pools.push(pool);
    room += item.w + (item.lane && row[at + 1]?.lane ? GAP.lane : GAP.box);
  });
  let at = 0;
  for (const { sum, count } of pools) for (let end = at + count; at < end; at++) row[at].x = sum / count + row[at].room;
}

/** Parts that have nothing to do with each other, on shelves: tall ones first. */
function pack(pieces) {
  const area = pieces.reduce((sum, piece) => sum + (piece.w + GAP.pack) * (piece.h + GAP.pack), 0);
  const width = Math.max(Math.sqrt(area * 1.5), ...pieces.map((piece) => piece.w));
  let [x, y, shelf] = [0, 0, 0];
  for (const piece of [...pieces].sort((a, b) => b.h - a.h)) {
    if (x > 0 && x + piece.w > width) { x = 0; y += shelf + GAP.pack; shelf = 0; }
    Object.assign(piece, { x, y });
    x += piece.w + GAP.pack;
    shelf = Math.max(shelf, piece.h);
  }
}

/** From the side of one that faces the other, out of its components, through the lanes between, and into the other's. */
function route({ from, to, lifted }) {
  if (!lifted) return null;
  const { x, y } = lifted.from.owner;
  const up = to.y + to.h < from.y;
  const bends = (lifted.bends ?? []).map(([left, top]) => [x + left, y + top]);
  const way = (box, holder, side) => { const found = []; for (let at = box; at !== holder; at = at.owner) found.push(at[side] ?? []); return found; };
  if (!up) bends.unshift(...way(from, lifted.from, "exit").flat());
  if (!up) bends.push(...way(to, lifted.to, "entry").reverse().flat());
  return [[from.x + from.w / 2, from.y + (up ? 0 : from.h)], ...bends, [to.x + to.w / 2, to.y + (up ? to.h : 0)]];
}
