"""`doctor` looks at the whole installation, and says what to do."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from watch_kit import installed, receiver

from fieldhouse.cli.checks import of_installation
from fieldhouse.errors import FieldhouseError
from fieldhouse.settings import Settings
from fieldhouse.sync import utc_now


def found(settings: Settings) -> Mapping[str, tuple[bool, str]]:
    """Each check: whether all is well, and what it says."""
    told = {}
    for name, check in of_installation(settings):
        try:
            told[name] = True, check()
        except FieldhouseError as error:
            told[name] = False, str(error)
    return told


def test_what_nobody_starts_is_told(tmp_path: Path) -> None:
    """Runs are seen to go on; where the last is three hours old, what to do is said."""
    with installed(tmp_path) as house:
        house.world.clock.set(utc_now() - timedelta(minutes=5))
        house.pass_time()
        house.run()
    is_well, said = found(house.settings)["schedule"]
    assert is_well and said.startswith("the last run ended")
    old = tmp_path / "old"
    old.mkdir()
    with installed(old) as house:
        house.world.clock.set(utc_now() - timedelta(hours=3))
        house.pass_time()
        house.run()
    is_well, said = found(house.settings)["schedule"]
    assert not is_well and "start fieldhouse serve" in said


def test_what_is_wrong_with_receivers_is_told(tmp_path: Path) -> None:
    """An address that is not set, or that nobody knows, is named, and never shown."""
    given = {"BAD_URL": "nonsense://canary", "GOOD_URL": "json://127.0.0.1:1/canary"}
    with installed(tmp_path, receiver("bad", "good", "none"), given) as house:
        pass
    told = found(house.settings)
    assert told["receiver good"][0] and not told["receiver bad"][0]
    is_well, said = told["receiver none"]
    assert not is_well and "the variable NONE_URL is not set" in said
    assert "canary" not in str(told)
    assert told["disk"][0] and "GiB free at" in told["disk"][1]
    assert told["versions"][1].startswith("fieldhouse ")
    assert "told: bad, good, none" in told["alerts"][1]


def test_a_disk_that_is_full_is_told(tmp_path: Path) -> None:
    """By the rule's own share: one that asks for all of it is never met."""
    with installed(tmp_path, "[alerts.rules.disk]\nshare = 1.0") as house:
        house.look()
        assert house.open() == {"disk": 1}
    is_well, said = found(house.settings)["disk"]
    assert not is_well and "make room" in said
