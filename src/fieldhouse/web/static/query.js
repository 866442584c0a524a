// Completes the names of tables and columns while a query is written. The page is whole without it.
const area = document.getElementById("sql");
const list = document.createElement("ul");
const MOST = 8;
let known = null;
let found = [];
let chosen = -1;

list.id = "sql-words";
list.hidden = true;
list.setAttribute("role", "listbox");
list.setAttribute("aria-label", "Tables and columns");
area.parentElement.append(list);
area.setAttribute("aria-autocomplete", "list");
area.setAttribute("aria-controls", list.id);

async function words() {
  if (known) return known;
  const answer = await fetch(area.dataset.words);
  known = answer.ok ? await answer.json() : [];
  return known;
}

function begun() {
  const before = area.value.slice(0, area.selectionStart);
  return /[\w.]*$/.exec(before)[0];
}

// The columns of tables that the query names come first.
function candidates(tables, word) {
  const last = word.slice(word.lastIndexOf(".") + 1).toLowerCase();
  const isTable = word.toLowerCase().startsWith("iot.");
  const named = tables.filter((t) => area.value.toLowerCase().includes(t.name.toLowerCase()));
  const columns = isTable ? [] : (named.length ? named : tables).flatMap((t) =>
    t.columns.map((column) => ({ text: column, of: t.name })));
  const all = [...columns, ...tables.map((t) => ({ text: t.name, of: "table" }))];
  const seen = new Set();
  return all.filter(({ text, of }) => {
    const name = of === "table" ? text.slice(4) : text;
    const fits = name.toLowerCase().startsWith(last) && name.toLowerCase() !== last;
    return fits && !seen.has(text) && seen.add(text);
  }).slice(0, MOST);
}

function hide() {
  list.hidden = true;
  chosen = -1;
  area.removeAttribute("aria-activedescendant");
}

function mark(place) {
  chosen = place;
  [...list.children].forEach((item, n) => item.setAttribute("aria-selected", String(n === place)));
  if (place < 0) area.removeAttribute("aria-activedescendant");
  else {
    area.setAttribute("aria-activedescendant", list.children[place].id);
    list.children[place].scrollIntoView({ block: "nearest" });
  }
}

function take(place) {
  const word = begun();
  const { text, of } = found[place];
  const kept = of === "table" ? 0 : word.lastIndexOf(".") + 1;
  const at = area.selectionStart;
  area.setRangeText(text, at - word.length + kept, at, "end");
  hide();
  area.focus();
}

async function suggest(isAsked) {
  const word = begun();
  if (!isAsked && word.slice(word.lastIndexOf(".") + 1).length < 2 && !word.endsWith(".")) return hide();
  found = candidates(await words(), word);
  if (!found.length) return hide();
  list.replaceChildren(...found.map(({ text, of }, n) => {
    const item = document.createElement("li");
    const from = document.createElement("span");
    item.id = `sql-word-${n}`;
    item.setAttribute("role", "option");
    item.textContent = text;
    from.textContent = of;
    item.append(from);
    item.addEventListener("mousedown", (event) => { event.preventDefault(); take(n); });
    return item;
  }));
  list.hidden = false;
  mark(-1);
}

area.addEventListener("input", () => suggest(false));
area.addEventListener("blur", hide);
area.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) return area.form.requestSubmit();
  if (event.key === " " && event.ctrlKey) { event.preventDefault(); return suggest(true); }
  if (list.hidden) return;
  if (event.key === "ArrowDown") mark((chosen + 1) % found.length);
  else if (event.key === "ArrowUp") mark(chosen > 0 ? chosen - 1 : found.length - 1);
  else if (event.key === "Enter" && chosen >= 0) take(chosen);
  else if (event.key === "Tab" && chosen >= 0) take(chosen);
  else if (event.key === "Escape") hide();
  else return;
  event.preventDefault();
});
