import os
import signal
import threading

import httpx2
import pytest

from fieldhouse.simulator import Simulator, World, serve


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serving_stops_at_a_signal(
    world: World, capfd: pytest.CaptureFixture[str], number: signal.Signals
) -> None:
    """`serve` blocks, answers, ends quietly on Ctrl-C and SIGTERM, and prints nothing."""
    world.add_channel(9)
    seen = []

    def visit(url: str) -> None:
        seen.append(httpx2.get(f"{url}/channels/9/feeds.json").status_code)
        threading.Timer(0.1, os.kill, (os.getpid(), number)).start()

    serve(world, port=0, ready=visit)
    assert seen == [200]
    assert capfd.readouterr() == ("", "")


def test_serving_on_a_taken_port_is_an_error(simulator: Simulator, world: World) -> None:
    """OSError, which the command line turns into a sentence."""
    with pytest.raises(OSError, match=r"\w"):
        serve(world, port=int(simulator.url.rsplit(":", 1)[1]))
