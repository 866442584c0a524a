// A job's page is asked for again as long as the job goes on. The page has a link for it as well.
const PAUSE = 2000;
const main = document.getElementById("main");

async function again() {
  const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector("[data-job]");
  const shown = main.querySelector("[data-job]");
  if (!fresh || !shown) return;
  if (fresh.innerHTML !== shown.innerHTML && !shown.contains(document.activeElement)) shown.innerHTML = fresh.innerHTML;
  shown.dataset.job = fresh.dataset.job;
  later();
}

function later() {
  if (main.querySelector("[data-job=on]")) setTimeout(() => again().catch(later), PAUSE);
}

later();
