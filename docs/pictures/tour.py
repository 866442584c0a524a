"""Photograph the pages for docs/tour.md: `python docs/pictures/tour.py`, with a chromium at hand.

They are those of `fieldhouse serve` over the demo world's three channels, whose values are the same
whenever this is run; only the times go on.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from fieldhouse.simulator import Clock, Simulator, demo

HERE = Path(__file__).parent
CHANNEL = 12001
PICTURES = {
    "overview": ("/", 1100, 620),
    "channel": (f"/channel/{CHANNEL}?last=365d&fields=1,2", 1100, 1000),
    "rhythm": (f"/channel/{CHANNEL}/rhythm?field=1", 1100, 900),
    "forecast": (f"/channel/{CHANNEL}/forecast?field=1", 1100, 900),
    "corrections": (f"/channel/{CHANNEL}/corrections?field=1&from=2d&to=1d", 1100, 760),
    "query": (
        "/query?sql=SELECT+PeriodStart%2C+Field1Avg+FROM+iot.AggregatedData+WHERE+ChannelID+%3D+"
        f"{CHANNEL}+AND+AggregationType+%3D+%27DAILY%27+ORDER+BY+PeriodStart+DESC+LIMIT+90",
        1100,
        900,
    ),
}


@contextmanager
def served(folder: str, environment: dict[str, str]) -> Iterator[str]:
    """The address of a server over what was copied."""
    command = [sys.executable, "-m", "fieldhouse"]
    copied = [*command, "run", "--quiet", "12001", "12002", "12003"]
    subprocess.run(copied, cwd=folder, env=environment, check=True)
    tagged = [*command, "channels", "tag", "garden", "12001", "12003"]
    subprocess.run(tagged, cwd=folder, env=environment, check=True)
    serving = subprocess.Popen(
        [*command, "serve", "--port", "0"],
        cwd=folder, env=environment, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert serving.stdout
        yield serving.stdout.readline().split()[3]
    finally:
        serving.send_signal(signal.SIGINT)
        serving.wait()


def photograph(page: Page, url: str) -> None:
    """Each page as it is when its scripts have run, and one of a phone."""
    for name, (path, width, height) in PICTURES.items():
        page.set_viewport_size({"width": width, "height": height})
        page.goto(url + path)
        page.wait_for_load_state("load")
        page.wait_for_timeout(700)
        page.screenshot(path=HERE / f"serve-{name}.png")
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 390, "height": 760})
    page.goto(f"{url}/channel/{CHANNEL}?last=7d&fields=1,2")
    page.wait_for_timeout(700)
    page.screenshot(path=HERE / "serve-phone.png")


def main() -> None:
    """Copy, serve, photograph."""
    world = demo.world(Clock())
    with (
        tempfile.TemporaryDirectory() as folder,
        Simulator(world) as simulator,
        sync_playwright() as playwright,
    ):
        environment = {
            **os.environ,
            "THINGSPEAK_BASE_URL": simulator.url,
            "THINGSPEAK_RATE_LIMIT_DELAY": "0",
        }
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        with served(folder, environment) as url:
            photograph(browser.new_page(device_scale_factor=1), url)
        browser.close()


if __name__ == "__main__":
    main()
