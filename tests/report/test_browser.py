"""The page in a real browser: drawn anew, zoomed by wheel, mouse, keys and buttons."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from figures_kit import DAY, HOUR, T0, figure, line, wandering

from fieldhouse.report.figure import Line, Mark, Panel
from fieldhouse.report.page import of_figure

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
SOURCE = "script-src &#x27;sha256[^;]*"
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no chromium to look at pages with")


def page() -> str:
    """Ten days: hours, and the last of them in minutes; a gap, a spike, two panels."""
    values = wandering(240)
    values[100:120] = [float("nan")] * 20
    whole = line(values, 3600)
    finer = line([20.0] * 1439 + [77.0], start=T0 + 9 * DAY)
    held = Line(
        "a", whole.start, whole.end, whole.mean, whole.least, whole.greatest, whole.count, finer
    )
    panels = (
        Panel("First <b>", (held,), "°C", (Mark(T0 + 5 * HOUR, 60.0, "far"),)),
        Panel(
            "Second",
            (line(wandering(240, 2), 3600, name="x"), line(wandering(240), 3600, name="y")),
        ),
    )
    return of_figure(figure(*panels, end=T0 + 10 * DAY))


def opened(text: str, folder: Path, script: str = "") -> tuple[str, str]:
    """The page's document when its scripts have run, and what the browser complained of."""
    if script:  # the policy would refuse it, as it should
        text = re.sub(SOURCE, "script-src 'unsafe-inline'", text)
        # without a screen frames are few: each is drawn at once
        soon = "<script>window.requestAnimationFrame = (draw) => setTimeout(draw)</script>"
        late = f"<script>addEventListener('load', async () => {{{script}}})</script>"
        text = text.replace("<title>", f"{soon}<title>", 1).replace("</body>", f"{late}</body>")
    file = folder / "page.html"
    file.write_text(text, "utf-8")
    done = subprocess.run(
        [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1000,900",
         "--virtual-time-budget=10000", "--enable-logging=stderr",
         f"--user-data-dir={folder}/profile", "--dump-dom",
         file.as_uri()],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    said = [text for text in done.stderr.splitlines() if "CONSOLE" in text]
    return done.stdout, "\n".join(said)


STEPS = """
const wait = () => new Promise((done) => setTimeout(done, 50));
await wait(); await wait();
const plot = document.querySelector(".plot"), steps = [];
const seen = () => steps.push(plot.querySelector("svg").getAttribute("aria-label"));
const key = (name) => plot.dispatchEvent(new KeyboardEvent("keydown", {key: name, bubbles: true}));
const at = {clientY: 300, button: 0, pointerType: "mouse", pointerId: 1, bubbles: true};
const mouse = (name, x) => plot.dispatchEvent(new PointerEvent(name, {clientX: x, ...at}));
const turn = {deltaY: -1, clientX: 500, clientY: 300, cancelable: true};
const wheel = () => plot.dispatchEvent(new WheelEvent("wheel", turn));
plot.setPointerCapture = () => {};
seen();
key("+"); await wait(); seen();
key("ArrowRight"); await wait(); seen();
key("0"); await wait(); seen();
wheel(); await wait(); seen();
plot.focus();
wheel(); await wait(); seen();
document.querySelectorAll("button")[4].click(); await wait(); seen();
const box = plot.getBoundingClientRect();
mouse("pointerdown", box.right - 100); mouse("pointermove", box.right - 20);
const chosen = plot.querySelectorAll(".chosen").length;
steps.push(document.querySelector("output").textContent + "|" + chosen);
mouse("pointerup", box.right - 20); await wait(); seen();
for (let n = 0; n < 30; n++) key("+");
await wait(); seen();
key("0"); await wait(); key("Home"); await wait(); seen();
document.title = JSON.stringify(steps);
"""


def test_a_page_is_used_without_complaint(tmp_path: Path) -> None:
    """With its policy as it is the page draws itself anew, and the console is silent."""
    document, said = opened(page(), tmp_path)
    assert said == ""
    assert document.count("<button") == 5 and 'class="fieldhouse wide"' not in document
    drawn = re.findall(r'<svg class="fieldhouse".*?</svg>', document, re.DOTALL)
    assert len(drawn) == 1 and "First &lt;b&gt;" in drawn[0]
    assert drawn[0].count('class="mark"') == 1
    (mean,) = re.findall(r'<g class="line c0"><path class="mean" d="([^"]*)"', drawn[0])[:1]
    assert mean.count("M") == 2  # the gap


def test_a_page_is_zoomed_by_hand(tmp_path: Path) -> None:
    """Keys, wheel, mouse and buttons show what they say; a wheel alone scrolls the page."""
    document, said = opened(page(), tmp_path, STEPS)
    assert said == ""
    (title,) = re.findall(r"<title>(\[.*?\])</title>", document)
    steps = re.findall(r'"([^"]*)"', title)
    spans = [step.rpartition("Second, ")[2] for step in steps]
    whole = "2024-01-01 00:00 to 2024-01-11 00:00"
    assert spans[0] == whole
    assert spans[1] == "2024-01-03 12:00 to 2024-01-08 12:00"
    assert spans[2] == "2024-01-04 18:00 to 2024-01-09 18:00"
    assert spans[3] == whole and spans[4] == whole  # without focus the page scrolls
    assert spans[5] != whole and spans[6] == whole
    assert re.fullmatch(r"2024-01-10 22:00: First &lt;b&gt; .* · x .* · y .*\|1", steps[7])
    assert re.fullmatch("2024-01-10 01:.. to 2024-01-10 22:..", spans[8])
    begin, end = spans[9].split(" to ")
    assert begin[:10] == end[:10]
    assert spans[10] == whole


def test_nothing_is_there_to_zoom_without_the_script(tmp_path: Path) -> None:
    """Where scripts do not run the pictures stand as they were written."""
    text = re.sub(SOURCE, "script-src 'none'", page())
    document, _ = opened(text, tmp_path)
    assert "<button" not in document and 'class="fieldhouse wide"' in document


FINER = """
const wait = () => new Promise((done) => setTimeout(done, 50));
await wait(); await wait();
const plot = document.querySelector(".plot");
const key = (name) => plot.dispatchEvent(new KeyboardEvent("keydown", {key: name}));
for (let n = 0; n < 4; n++) key("+");
for (let n = 0; n < 40; n++) key("ArrowRight");
await wait();
const labels = [...plot.querySelector(".panel").querySelectorAll(".soft text")];
document.title = labels.map((label) => label.textContent).join();
"""


def test_finer_data_are_shown_where_they_are(tmp_path: Path) -> None:
    """Zoomed into the last day, its minutes are drawn: a spike of one minute is on the axis."""
    document, said = opened(page(), tmp_path, FINER)
    assert said == ""
    (title,) = re.findall(r"<title>(.*?)</title>", document)[:1]
    assert title.split(",")[-1] == "80"
