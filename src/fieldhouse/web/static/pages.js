// What pages do beyond being read: finer data at a zoom, an address that says what is seen, new
// readings as they come, the reader's own time zone. Every page is whole without it.

const byId = (id) => document.getElementById(id);

// The reader's time zone

const zone = byId("zone"), own = Intl.DateTimeFormat().resolvedOptions().timeZone;
function offer(name, choice) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = name;
  button.addEventListener("click", () => {
    const secure = location.protocol === "https:" ? "; secure" : "";
    document.cookie = `fieldhouse_zone=${choice}; path=/; samesite=lax; max-age=${choice ? 31536000 : 0}${secure}`;
    const url = new URL(location.href);
    url.searchParams.delete("tz");
    location.replace(url);
  });
  zone.parentElement.append(button);
}
if (zone) {
  if (own && own !== zone.dataset.zone) offer(`Use ${own}, this browser's`, own);
  if (zone.dataset.given || document.cookie.includes("fieldhouse_zone=")) offer("Use the server's", "");
}

// A view: what is drawn is fetched anew once the hand rests, and the address follows

const holder = byId("data"), source = holder && JSON.parse(holder.textContent).source;
let told = source?.now, toldAt = performance.now();
const nowThere = () => told + performance.now() - toldAt;  // by the server's clock: this one may be wrong
let view = null, fetching = null, due = 0, follows = source?.live;

// whole seconds: an address that people can read
const iso = (ms) => new Date(Math.round(ms / 1000) * 1000).toISOString().replace(".000Z", "Z");

function address(base, start, end, more = {}) {
  const url = new URL(base, location.href);
  url.searchParams.delete("last");
  url.searchParams.set("from", iso(start));
  url.searchParams.set("to", iso(end));
  for (const [name, value] of Object.entries(more)) url.searchParams.set(name, value);
  return url;
}

async function refetch(start, end, width, {moved = true} = {}) {
  fetching?.abort();
  const mine = fetching = new AbortController();
  document.documentElement.classList.add("waits");
  try {
    const url = address(source.address, start, end, {width: Math.min(4000, Math.max(100, width))});
    const answer = await fetch(url, {signal: mine.signal, headers: {Accept: "application/json"}});
    if (!answer.ok) throw new Error(answer.status === 504 ? "this takes too long" : `the server answers ${answer.status}`);
    const data = await answer.json();
    [told, toldAt] = [data.source.now, performance.now()];
    document.dispatchEvent(new CustomEvent("fieldhouse:data", {detail: {data, view: moved ? null : {start, end}}}));
    say(data.source, start, end);
  } catch (error) {
    if (error.name !== "AbortError") byId("note").textContent = `What is drawn is not as fine as it could be: ${error.message}.`;
  } finally {
    if (fetching === mine) { fetching = null; document.documentElement.classList.remove("waits"); }
  }
}

// What the page says of the span beside its plots

function say(fresh, start, end) {
  byId("note").textContent = fresh.note;
  for (const id of ["nothing", "late"]) byId(id)?.remove();
  for (const link of document.querySelectorAll("a[data-span]")) link.href = address(link.getAttribute("href"), start, end);
  const sql = byId("sql");
  if (sql) sql.textContent = sql.textContent
    .replace(/>= '[^']*'/, `>= '${iso(start).slice(0, 19).replace("T", " ")}'`)
    .replace(/< '[^']*'/, `< '${iso(end).slice(0, 19).replace("T", " ")}'`);
  for (const [name, at] of [["from", start], ["to", end]]) {
    const input = byId(`in-${name}`);
    if (input && document.activeElement !== input) input.value = iso(at);
  }
  for (const link of document.querySelectorAll(".presets [aria-current]")) link.removeAttribute("aria-current");
  tables();
  list(fresh.values, start, end);
}

// Each reading, where they are few

let listing = null;
async function list(values, start, end) {
  const section = byId("readings");
  if (!section) return;
  listing?.abort();
  listing = new AbortController();
  const url = address(section.dataset.from, start, end);
  for (const name of ["fields", "tz"]) {
    const given = new URL(location.href).searchParams.get(name);
    if (given) url.searchParams.set(name, given);
  }
  const few = byId("few");
  if (values > 200) {
    const link = document.createElement("a");
    link.href = url; link.textContent = "page through them";
    few.replaceChildren(`${values.toLocaleString("en").replace(/,/g, "\u00a0")} values in this span: zoom in to see each reading with the text that was sent, or `, link, ".");
    return;
  }
  try {
    const answer = await fetch(url, {signal: listing.signal, headers: {Accept: "text/html"}});
    if (!answer.ok) return;
    const there = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("few");
    if (there) few.replaceChildren(...there.tagName === "P" ? [there] : there.childNodes);
  } catch (error) { if (error.name !== "AbortError") throw error; }
}

// The tables of the plots are those of the span that is drawn: they come with the page of the view

let numbers = null;
async function tables() {
  const open = [...document.querySelectorAll("figure details")].some((one) => one.open);
  numbers = open ? null : "stale";
  if (open) await renew();
}
async function renew() {
  numbers = null;
  const answer = await fetch(location.href, {headers: {Accept: "text/html"}});
  if (!answer.ok) return;
  const there = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const figure of document.querySelectorAll("figure[id]")) {
    const fresh = there.getElementById(figure.id);
    const mine = figure.querySelectorAll(":scope > details, :scope > p"), theirs = fresh?.querySelectorAll(":scope > details, :scope > p") ?? [];
    theirs.forEach((one, n) => { if (mine[n]?.open) one.open = true; });
    mine.forEach((one) => one.remove());
    figure.append(...theirs);
  }
}
document.addEventListener("toggle", (event) => { if (event.target.open && numbers === "stale" && event.target.closest("figure")) renew(); }, true);

let width = 860;
document.addEventListener("fieldhouse:view", ({detail}) => {
  view = detail; width = detail.width; follows = false;
  clearTimeout(due);
  due = setTimeout(() => {
    history.replaceState(null, "", address(location.href, view.start, view.end));
    refetch(view.start, view.end, width);
  }, 150);
});

// Which channels there are to compare with, once somebody wants to

byId("in-compare")?.addEventListener("focus", async () => {
  const list = byId("channels");
  if (list.childElementCount) return;
  const answer = await fetch("/api/channels?limit=1000", {headers: {Accept: "application/json"}});
  if (!answer.ok) return;
  for (const one of await answer.json()) {
    const option = list.appendChild(document.createElement("option"));
    option.value = one.ChannelID; option.label = one.ChannelName ?? "";
  }
}, {once: true});

// New readings as they come

function listen() {
  const list = document.querySelector("[data-live]");
  if (!source && !list || !window.EventSource) return;
  const ids = source ? source.channels.join(",") : "";
  const stream = new EventSource(`/live${ids ? `?channels=${ids}` : ""}`);
  let waiting = 0;
  const news = () => { waiting ||= setTimeout(() => { waiting = 0; source ? advance() : reload(); }, source ? 1000 : 10000); };
  stream.addEventListener("loaded", news);
  stream.addEventListener("ended", news);
  addEventListener("pagehide", () => stream.close());
}

function advance() {  // only a view that ends now moves on with time
  const last = new URL(location.href).searchParams;
  if (byId("late") && !last.has("from") && !last.has("to")) location.reload();  // it ended with what was newest
  if (!follows || last.get("to") && last.get("to") !== "now") return;
  const {start, end} = view ?? spanShown(), by = Math.max(0, nowThere() - end);
  view = {start: start + by, end: end + by};
  refetch(view.start, view.end, width, {moved: false});
}
const spanShown = () => { const figure = JSON.parse(holder.textContent).figures[0]; return {start: figure.start, end: figure.end}; };

async function reload() {
  const answer = await fetch(location.href, {headers: {Accept: "text/html"}});
  if (!answer.ok) return;
  const there = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const id of ["channels", "summary"]) {
    const mine = byId(id), fresh = there.getElementById(id);
    if (mine && fresh && !mine.contains(document.activeElement)) mine.replaceWith(fresh);
  }
}

listen();
