// Makes the pictures of a page zoomable: draws them anew for any span from the data that the page
// carries, as report/layout.py and report/svg.py drew them. A report's page carries all, and loads
// nothing from anywhere; one that is served says with its data where there is finer (`source`).
"use strict";
(async () => {
const holder = document.getElementById("data");
if (!holder || !window.DecompressionStream || !window.ResizeObserver) return;
async function unpacked(text) {
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).json();
}
const data = holder.type === "application/json" ? JSON.parse(holder.textContent) : await unpacked(holder.textContent);
const source = data.source;

const SIZE = 12, TITLE = 26, BARE = 10, HEIGHT = 190, BETWEEN = 14, FOOT = 40, RIGHT = 14;
const DAY = 86400, STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200];
const BUCKETS = STEPS.concat([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024].map((d) => d * DAY));
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

// Texts and times

const widthOf = (text, size) => size * 0.54 * [...text].length;
const number = (value, decimals) => {
  const [whole, part] = Math.abs(value).toFixed(decimals).split(".");
  const text = whole.replace(/\B(?=(\d{3})+$)/g, "\u00a0") + (part ? "." + part : "");
  return value < 0 && /[1-9]/.test(text) ? "\u2212" + text : text;
};
const ahead = (ms) => {
  let found = data.offsets[0][1];
  for (const [from, seconds] of data.offsets) if (from <= ms) found = seconds;
  return found * 1000;
};
const local = (ms) => new Date(ms + ahead(ms));
const utc = (ms) => { const at = ms - ahead(ms); return ms - ahead(at); };  // of a wall clock's time
const two = (n) => String(n).padStart(2, "0");
const dayOf = (d) => `${d.getUTCFullYear()}-${two(d.getUTCMonth() + 1)}-${two(d.getUTCDate())}`;
const clockOf = (d) => `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}`;
const secondsOf = (d) => `${clockOf(d)}:${two(d.getUTCSeconds())}`;
const timeText = (ms, fine) => `${dayOf(local(ms))} ${fine ? secondsOf(local(ms)) : clockOf(local(ms))}`;

// Ticks

function numberTicks(low, high, most) {
  if (high - low <= Math.max(Math.abs(low), Math.abs(high)) * 1e-12) {
    const margin = Math.max(Math.abs(low) * 1e-9, 0.5);
    [low, high] = [low - margin, high + margin];
  }
  const least = (high - low) / Math.max(1, most - 1);
  for (let power = Math.floor(Math.log10(least)); ; power++) {
    for (const digit of [1, 2, 5]) {
      const step = digit * 10 ** power, first = Math.floor(low / step), last = Math.ceil(high / step);
      if (step < least * (1 - 1e-9) || last - first >= Math.max(3, most)) continue;
      const ticks = [];
      for (let n = first; n <= last; n++) ticks.push({at: n * step, label: number(n * step, Math.max(0, -power))});
      return ticks;
    }
  }
}

function timeTicks(start, end, most) {
  const least = (end - start) / 1000 / Math.max(1, most), short = STEPS.find((s) => s >= least);
  const ticks = [];
  const add = (at, label) => { if (at >= start && at <= end) ticks.push({at, label}); };
  if (short) {
    const edges = data.offsets.map(([from]) => from).filter((from) => from > start && from <= end);
    [start, ...edges].forEach((begin, n) => {
      const off = ahead(begin), stride = short * 1000, until = edges[n] ?? end + 1;
      for (let at = Math.ceil((begin + off) / stride) * stride - off; at < until; at += stride)
        add(at, short >= 60 ? clockOf(local(at)) : secondsOf(local(at)));
    });
  } else {
    const first = local(start), days = [1, 2, 7, 14].find((d) => d * DAY >= least);
    const months = [1, 2, 3, 6].find((m) => m * 30.4 * DAY >= least);
    if (days) {
      const since = 719163;  // the days from the year 1 to 1970
      let day = Math.floor((start + ahead(start)) / DAY / 1000) + since;
      day = Math.ceil(day / days) * days + (days % 7 ? 0 : 1) - since;
      for (; utc(day * DAY * 1000) <= end; day += days) {
        const d = new Date(day * DAY * 1000);
        add(utc(+d), `${d.getUTCDate()} ${MONTHS[d.getUTCMonth()]}`);
      }
    } else if (months) {
      for (let m = first.getUTCFullYear() * 12; utc(monthStart(m)) <= end; m += months)
        add(utc(monthStart(m)), MONTHS[m % 12]);
    } else {
      const step = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].find((y) => y * 365.25 * DAY >= least) || 1000;
      for (let y = Math.floor(first.getUTCFullYear() / step) * step; utc(monthStart(y * 12)) <= end; y += step)
        add(utc(monthStart(y * 12)), String(y));
    }
  }
  let shown = "";
  for (const tick of ticks) {
    const d = local(tick.at), year = String(d.getUTCFullYear());
    const context = short ? `${d.getUTCDate()} ${MONTHS[d.getUTCMonth()]} ${year}` : year;
    if (context !== shown && context !== tick.label) tick.context = context;
    shown = context;
  }
  return ticks;
}
const monthStart = (m) => { const d = new Date(0); d.setUTCFullYear(Math.floor(m / 12), m % 12, 1); return +d; };

// Lines

function decoded(level) {
  if (level.start) return level;
  const n = level.at.length, {unit, scale} = level;
  const columns = {};
  for (const name of ["start", "end", "mean", "least", "greatest", "count"]) columns[name] = new Float64Array(n);
  for (let i = 0, at = 0, width = 0, count = 0, mean = 0; i < n; i++) {
    at += level.at[i]; width += level.width[i]; count += level.count[i]; mean += level.mean[i];
    columns.start[i] = at * unit; columns.end[i] = (at + width) * unit; columns.count[i] = count;
    columns.mean[i] = mean / scale;
    columns.least[i] = (mean - level.below[i]) / scale; columns.greatest[i] = (mean + level.above[i]) / scale;
  }
  return Object.assign(level, columns);
}

function search(column, value) {  // the first that is not below value
  let low = 0, high = column.length;
  while (low < high) { const m = (low + high) >> 1; if (column[m] < value) low = m + 1; else high = m; }
  return low;
}

// The line from start to end in as few buckets as there are pixels, each with its true least and greatest.
function thinned(line, start, end, pixels) {
  const levels = line.levels.map(decoded);
  const level = levels.findLast((l) => l.start.length && l.start[0] <= start) || levels[0];
  const first = search(level.end, start), last = search(level.start, end), out = [];
  const fitting = last - first <= pixels ? 0 : (BUCKETS.find((s) => s * 1000 * pixels >= end - start) || 1024 * DAY) * 1000;
  for (let i = first, b = null; i < last; i++) {
    const at = fitting ? Math.floor(level.start[i] / fitting) * fitting : level.start[i];
    if (!b || !fitting || b.start !== at) {
      out.push(b = {start: at, end: fitting ? at + fitting : level.end[i], sum: 0, count: 0, least: Infinity, greatest: -Infinity});
    }
    b.count += level.count[i]; b.sum += level.mean[i] * level.count[i];
    b.least = Math.min(b.least, level.least[i]); b.greatest = Math.max(b.greatest, level.greatest[i]);
  }
  for (const b of out) { b.mean = b.sum / b.count; b.at = (b.start + b.end) / 2; }
  return out;
}

const median = (values) => { values.sort((a, b) => a - b); const m = values.length >> 1; return values.length % 2 ? values[m] : (values[m - 1] + values[m]) / 2; };

function longestPause(buckets) {
  if (buckets.length < 2) return 0;
  const usual = [], pause = [];
  for (let i = 1; i < buckets.length; i++) {
    const distance = buckets[i].start - buckets[i - 1].start;
    usual.push(distance / buckets[i - 1].count); pause.push(distance - (buckets[i - 1].end - buckets[i - 1].start));
  }
  return 3 * Math.max(median(usual), median(pause));
}

function parts(buckets, pause) {
  const found = [];
  for (const b of buckets) {
    const part = found.at(-1);
    if (part && b.start - part.at(-1).end <= pause) part.push(b); else found.push([b]);
  }
  return found;
}

// Drawing

const SVG = "http://www.w3.org/2000/svg";
function tag(parent, name, attributes, text) {
  const element = parent.appendChild(document.createElementNS(SVG, name));
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, typeof value === "number" ? Math.round(value * 10) / 10 : value);
  if (text !== undefined) element.textContent = text;
  return element;
}

function draw(chart) {
  const {figure, plot} = chart, {start, end} = chart.group.view;
  const width = Math.max(240, plot.clientWidth);
  const inner0 = width - 100;
  const ready = figure.panels.map((panel) => {
    const lines = panel.lines.map((line) => thinned(line, start, end, Math.round(inner0)));
    const marks = panel.marks.filter(([at]) => at >= start && at < end);
    const all = lines.flat();
    let low = Infinity, high = -Infinity;
    for (const b of all) { low = Math.min(low, b.least); high = Math.max(high, b.greatest); }
    for (const [, value, , kind] of marks) if (kind !== "aside") { low = Math.min(low, value); high = Math.max(high, value); }
    if (panel.bounds) [low, high] = panel.bounds; else if (low > high) [low, high] = [0, 1];
    return {panel, lines, marks, ticks: numberTicks(low, high, Math.max(2, Math.round(HEIGHT / 38)))};
  });
  const left = 10 + Math.max(18, ...ready.flatMap((r) => r.ticks.map((t) => widthOf(t.label, SIZE))));
  const right = width - RIGHT, heads = ready.map(({panel}) => panel.heading || panel.unit ? TITLE : BARE);
  const height = 2 + ready.length * (HEIGHT + BETWEEN) + heads.reduce((a, b) => a + b, 0) - BETWEEN + FOOT;
  const x = (ms) => left + Math.min(1, Math.max(0, (ms - start) / (end - start))) * (right - left);
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "fieldhouse"); svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("font-size", SIZE); svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", `Plot of ${figure.panels.map((p) => p.title).join(", ")}, ${timeText(start)} to ${timeText(end)}`);
  const ticks = timeTicks(start, end, Math.max(2, Math.round((right - left) / 78)));
  ready.forEach((r, n) => {
    r.top = n ? ready[n - 1].bottom + BETWEEN + heads[n] : 2 + heads[n];
    r.bottom = r.top + HEIGHT;
    const low = r.ticks[0].at, high = r.ticks.at(-1).at;
    r.y = (v) => r.bottom - Math.min(1, Math.max(0, (v - low) / (high - low))) * HEIGHT;
    drawPanel(svg, r, {x, left, right, ticks, start, end});
  });
  drawTimes(svg, ticks, {x, left, right, width, height});
  plot.replaceChildren(svg);
  Object.assign(chart, {left, right, ready, svg});
}

function drawPanel(svg, r, {x, left, right, ticks, start, end}) {
  const g = tag(svg, "g", {class: "panel"});
  const room = right - left, many = r.panel.heading && r.lines.length > 1;
  const title = tag(g, "text", {x: left, y: r.top - 9});
  if (r.panel.heading) tag(title, "tspan", {class: "ink", "font-weight": "bold", "font-size": SIZE + 1}, cut(r.panel.title, room * (many ? 0.4 : 0.8), SIZE + 1));
  if (r.panel.unit) tag(title, "tspan", {class: "soft", dx: r.panel.heading ? 8 : 0}, cut(r.panel.unit, room * 0.15, SIZE));
  if (many) drawLegend(g, r, left, right);
  for (const [kind, from, to, note] of r.panel.shades) {
    if (to <= start || from >= end) continue;
    const rect = tag(g, "rect", {class: kind, x: x(from), y: r.top, width: Math.max(1, x(to) - x(from)), height: HEIGHT});
    tag(rect, "title", {}, note || `no readings from ${timeText(from)} to ${timeText(to)}`);
  }
  let grid = "";
  for (const t of r.ticks) grid += `M${left} ${r.y(t.at).toFixed(1)}H${right}`;
  for (const t of ticks) grid += `M${x(t.at).toFixed(1)} ${r.top}V${r.bottom}`;
  tag(g, "path", {class: "grid", d: grid, fill: "none"});
  const labels = tag(g, "g", {class: "soft", "text-anchor": "end"});
  for (const t of r.ticks) tag(labels, "text", {x: left - 8, y: r.y(t.at) + 4}, t.label);
  const layers = [0, 1].map(() => r.lines.map((_, n) => tag(g, "g", {class: `line c${n % 8}`})));  // bands below means
  r.lines.forEach((line, n) => drawLine(layers[0][n], layers[1][n], line, x, r.y, r.panel.lines[n].forecast));
  for (const [at, label] of r.panel.boundaries) {
    if (at <= start || at >= end) continue;
    const turned = x(at) + 6 + widthOf(label, SIZE) > right;
    tag(g, "path", {class: "boundary", d: `M${x(at)} ${r.top}V${r.bottom}`, "stroke-dasharray": "4 3", "stroke-width": 1.5});
    tag(g, "text", {class: "boundary-label", x: x(at) + (turned ? -4 : 4), y: r.top + 12, "font-size": SIZE - 1, "text-anchor": turned ? "end" : "start"}, label);
  }
  const taken = new Set();
  for (const [at, value, note, kind] of r.marks) {
    const place = `${kind} ${Math.round(x(at) / 3)} ${Math.round(r.y(value) / 3)}`;
    if (taken.has(place)) continue;
    taken.add(place);
    const mark = tag(g, "path", {class: kind, d: `M${x(at).toFixed(1)} ${(r.y(value) - 4).toFixed(1)}l4 4l-4 4l-4 -4Z`});
    tag(mark, "title", {}, `${timeText(at, true)}: ${number(value, 6).replace(/\.?0+$/, "")} ${note}`);
  }
  if (!r.lines.some((line) => line.length)) tag(g, "text", {class: "soft", x: (left + right) / 2, y: (r.top + r.bottom) / 2, "text-anchor": "middle"}, "no readings");
}

function drawLegend(g, r, left, right) {
  const each = (right - left) * 0.58 / r.lines.length;
  let at = right;
  for (let n = r.lines.length - 1; n >= 0; n--) {
    const name = cut(r.panel.lines[n].name, each - 24, SIZE);
    at -= widthOf(name, SIZE) + 4;
    tag(g, "text", {class: "soft", x: at, y: r.top - 9}, name);
    tag(g, "path", {class: `c${n % 8}`, d: `M${at - 18} ${r.top - 13}h13`, stroke: "currentColor", "stroke-width": 3});
    at -= 28;
  }
}
const cut = (text, room, size) => { const most = Math.floor(room / size / 0.54), all = [...text]; return all.length <= most ? text : all.slice(0, Math.max(1, most - 1)).join("") + "\u2026"; };

function drawLine(below, above, buckets, x, y, forecast) {
  let band = "", mean = "", dots = "", wide = false;
  const points = (part, value) => part.map((b) => `${x(b.at).toFixed(1)} ${y(value(b)).toFixed(1)}`).join(" ");
  for (const part of parts(buckets, longestPause(buckets))) {
    const b = part[0], alone = part.length === 1;
    band += alone ? `M${x(b.at).toFixed(1)} ${y(b.least).toFixed(1)}V${y(b.greatest).toFixed(1)}`
      : `M${points(part, (p) => p.greatest)}L${points([...part].reverse(), (p) => p.least)}Z`;
    if (alone) dots += `M${x(b.at).toFixed(1)} ${y(b.mean).toFixed(1)}h0`;
    else mean += `M${points(part, (p) => p.mean)}`;
    wide ||= part.some((p) => p.greatest > p.least);
  }
  if (wide) tag(below, "path", {class: "band", d: band, fill: "currentColor", "fill-opacity": 0.28, stroke: "currentColor", "stroke-opacity": 0.28});
  const stroke = {fill: "none", stroke: "currentColor", "stroke-linejoin": "round", "stroke-linecap": "round", ...(forecast && {"stroke-dasharray": "4 3"})};
  if (mean) tag(above, "path", {class: "mean", d: mean, "stroke-width": 1.5, ...stroke});
  if (dots) tag(above, "path", {class: "dots", d: dots, "stroke-width": 4, ...stroke});
}

function drawTimes(svg, ticks, {x, left, right, width, height}) {
  tag(svg, "path", {class: "axis", d: `M${left} ${height - FOOT}H${right}`});
  const g = tag(svg, "g", {class: "soft", "text-anchor": "middle"});
  let free = -1e9, below = -1e9;
  for (const t of ticks) {
    let half = widthOf(t.label, SIZE) / 2;
    if (x(t.at) - half >= free + 6 && x(t.at) + half <= width) { tag(g, "text", {x: x(t.at), y: height - 23}, t.label); free = x(t.at) + half; }
    if (!t.context) continue;
    half = widthOf(t.context, SIZE) / 2;
    const middle = Math.min(Math.max(x(t.at), half + 2), width - half - 2);
    if (middle - half >= below + 10) { tag(g, "text", {class: "ink", x: middle, y: height - 8}, t.context); below = middle + half; }
  }
}

// A reader's hands

const charts = [], groups = new Map();

const wholeOf = (group) => source ? {start: source.first, end: Math.max(source.now, group.whole.end)} : group.whole;

function show(group, start, end) {
  const whole = wholeOf(group), least = 5000;
  const span = Math.min(Math.max(end - start, least), whole.end - whole.start);
  let begin = Math.max(whole.start, (start + end - span) / 2);
  begin = Math.min(begin, whole.end - span);
  group.view = {start: begin, end: begin + span};
  group.due ||= requestAnimationFrame(() => { group.due = 0; group.charts.forEach(draw); });
  if (source) document.dispatchEvent(new CustomEvent("fieldhouse:view", {detail: {...group.view, width: Math.round(group.charts[0].right - group.charts[0].left)}}));
}
// What a page has fetched takes the place of what it carried; the view stays.
function take(fresh, view) {
  data.offsets = fresh.offsets; Object.assign(source, fresh.source);
  for (const figure of fresh.figures) {
    const chart = charts.find((c) => c.figure.id === figure.id);
    if (chart) chart.figure = figure;
  }
  for (const group of groups.values()) {
    if (view) group.view = view;
    group.charts.forEach(draw);
  }
}
if (source) document.addEventListener("fieldhouse:data", ({detail}) => take(detail.data, detail.view));

const zoom = (group, factor, share = 0.5) => {
  const {start, end} = group.view, at = start + (end - start) * share;
  show(group, at - (at - start) * factor, at + (end - at) * factor);
};
const move = (group, share) => {
  const whole = wholeOf(group);
  const {start, end} = group.view, by = Math.max(whole.start - start, Math.min(whole.end - end, (end - start) * share));
  show(group, start + by, end + by);
};
const all = (group) => show(group, wholeOf(group).start, wholeOf(group).end);
const KEYS = {"+": (g) => zoom(g, 0.5), "=": (g) => zoom(g, 0.5), "-": (g) => zoom(g, 2), ArrowLeft: (g) => move(g, -0.25), ArrowRight: (g) => move(g, 0.25), 0: all, Home: all};

function instantAt(chart, event) {
  const box = chart.svg.getBoundingClientRect(), scale = chart.svg.viewBox.baseVal.width / box.width;
  const share = ((event.clientX - box.left) * scale - chart.left) / (chart.right - chart.left);
  const {start, end} = chart.group.view;
  return {share: Math.min(1, Math.max(0, share)), at: start + Math.min(1, Math.max(0, share)) * (end - start), px: (event.clientX - box.left) * scale};
}

function read(chart, event) {
  const {at} = instantAt(chart, event), {start, end} = chart.group.view, said = [];
  let when = null;
  for (const r of chart.ready) r.lines.forEach((line, n) => {
    const i = line.findLastIndex((b) => b.start <= at), near = [line[i], line[i + 1]].filter(Boolean).sort((a, b) => Math.abs(a.at - at) - Math.abs(b.at - at))[0];
    if (!near || Math.abs(near.at - at) > Math.max((end - start) / 100, near.end - near.start)) return;
    when ??= near;
    const decimals = Math.min(6, Math.max(0, 3 - Math.floor(Math.log10(Math.max(1e-6, r.ticks.at(-1).at - r.ticks[0].at)))));
    const name = chart.ready.length > 1 || r.lines.length > 1 ? `${r.lines.length > 1 ? r.panel.lines[n].name : r.panel.title} ` : "";
    const band = near.greatest > near.least ? ` (${number(near.least, decimals)} to ${number(near.greatest, decimals)})` : "";
    said.push(`${name}${number(near.mean, decimals)}${band}`);
  });
  chart.readout.textContent = when ? `${timeText(when.start, when.end - when.start < 60000)}: ${said.join(" \u00b7 ")}` : "";
  line(chart, "cross", at, at);
}

function line(chart, name, from, to) {
  chart.svg.querySelector(`.${name}`)?.remove();
  if (from === null) return;
  const {start, end} = chart.group.view, x = (ms) => chart.left + (ms - start) / (end - start) * (chart.right - chart.left);
  tag(chart.svg, "rect", {class: name, x: Math.min(x(from), x(to)), y: chart.ready[0].top, width: Math.max(1, Math.abs(x(to) - x(from))), height: chart.svg.viewBox.baseVal.height - FOOT - chart.ready[0].top, "pointer-events": "none"});
}

function listen(chart) {
  const {plot, group} = chart;
  let from = null;
  plot.addEventListener("pointerdown", (event) => { if (event.button === 0 && event.pointerType === "mouse") { from = instantAt(chart, event); plot.focus({preventScroll: true}); plot.setPointerCapture(event.pointerId); event.preventDefault(); } });
  plot.addEventListener("pointermove", (event) => { read(chart, event); if (from) line(chart, "chosen", from.at, instantAt(chart, event).at); });
  plot.addEventListener("pointerup", (event) => {
    if (!from) return;
    const to = instantAt(chart, event), [a, b] = [Math.min(from.at, to.at), Math.max(from.at, to.at)];
    const far = Math.abs(to.px - from.px) > 6;
    from = null; line(chart, "chosen", null);
    if (far) show(group, a, b);
  });
  plot.addEventListener("pointercancel", () => { from = null; line(chart, "chosen", null); });
  plot.addEventListener("pointerleave", () => { if (!from) { chart.readout.textContent = ""; line(chart, "cross", null); } });
  plot.addEventListener("dblclick", () => all(group));
  plot.addEventListener("wheel", (event) => {  // the page scrolls, unless the plot was clicked into
    if (document.activeElement !== plot && !event.ctrlKey) return;
    event.preventDefault();
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) move(group, event.deltaX / 1000);
    else zoom(group, event.deltaY > 0 ? 1.25 : 0.8, instantAt(chart, event).share);
  }, {passive: false});
  plot.addEventListener("keydown", (event) => {
    if (!KEYS[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault(); KEYS[event.key](group);
  });
}

for (const figure of data.figures) {
  const element = document.getElementById(figure.id), plot = element.querySelector(".plot");
  if (!groups.has(figure.group)) groups.set(figure.group, {whole: {start: figure.start, end: figure.end}, view: {start: figure.start, end: figure.end}, charts: []});
  const group = groups.get(figure.group), chart = {figure, plot, group};
  const tools = document.createElement("div"), names = [["Zoom in", "+", "+"], ["Zoom out", "\u2212", "-"], ["Earlier", "\u2190", "ArrowLeft"], ["Later", "\u2192", "ArrowRight"], ["Show all", "All", "0"]];
  tools.className = "tools";
  const shared = source && document.getElementById("tools");  // one for all plots of a page
  for (const [name, sign, key] of shared?.childElementCount ? [] : names) {
    const button = tools.appendChild(document.createElement("button"));
    button.type = "button"; button.textContent = sign; button.title = name;
    button.setAttribute("aria-label", shared ? name : `${name}: ${figure.panels.map((p) => p.title).join(", ")}`);
    button.addEventListener("click", () => KEYS[key](group));
  }
  chart.readout = document.createElement("output");
  if (shared) {
    if (tools.childElementCount) shared.append(tools);
    chart.readout.className = "readout"; plot.before(chart.readout);
  } else { tools.append(chart.readout); plot.before(tools); }
  plot.tabIndex = 0; plot.setAttribute("role", "group");
  plot.setAttribute("aria-label", "Zoomable plot: plus and minus zoom, arrows move, 0 shows all");
  plot.title = "";
  group.charts.push(chart); charts.push(chart);
  draw(chart); listen(chart);
  new ResizeObserver(() => { if (Math.abs(plot.clientWidth - chart.svg.viewBox.baseVal.width) > 1) draw(chart); }).observe(plot);
}
document.documentElement.classList.add("zooms");
})();
