"""`[alerts]` and `[metrics]`: read, checked, shown; an address is a secret as a whole."""

from pathlib import Path

import pytest

from fieldhouse.errors import ConfigurationError
from fieldhouse.settings import Settings, load_settings

CANARY = "mailto://canary-user:canary-password@mail.example.org"


def read(folder: Path, toml: str) -> Settings:
    (folder / "fieldhouse.toml").write_text(toml)
    return load_settings(directory=folder, environ={"MAIL": CANARY})


def test_a_rule_has_what_its_kind_has(tmp_path: Path) -> None:
    """Lengths in seconds, its kind's defaults, ``clear`` its limit; a switched off one is none."""
    toml = """
[alerts]
calm = "5min"
[alerts.rules.hot]
kind = "above"
field = 1
limit = 30.5
channels = [9, "garden"]
for = "10min"
[alerts.rules.no_success]
after = "2d"
[alerts.rules.stuck]
enabled = false
"""
    alerts = read(tmp_path, toml).alerts
    assert (alerts.calm, alerts.gather, alerts.enabled) == (300.0, 60.0, True)
    hot = alerts.rules["hot"]
    assert hot.figures == {"field": 1.0, "limit": 30.5, "clear": 30.5, "for": 600.0}
    assert (hot.channels, hot.severity) == (("9", "garden"), "warning")
    assert alerts.rules["no_success"].figures == {"after": 172_800.0}
    assert alerts.rules["no_success"].severity == "critical"
    assert "stuck" not in alerts.rules
    assert set(Settings().alerts.rules) == {*alerts.rules, "stuck"} - {"hot"}


def test_everything_is_described_and_no_address_shown(tmp_path: Path) -> None:
    """`config` has a line for each key, with its source; of an address only that it is set."""
    toml = '[alerts.receivers.mail]\nurl = { env = "MAIL" }\nat_least = "critical"'
    settings = read(tmp_path, toml + "\n[metrics]\nper_channel = false")
    lines = {key: (text, source) for key, text, source in settings.described()}
    assert lines["alerts.receivers.mail.url"] == ("set", "fieldhouse.toml")
    assert lines["alerts.receivers.mail.at_least"][0] == "critical"
    assert lines["metrics.per_channel"] == ("no", "fieldhouse.toml")
    assert lines["alerts.rules.disk"][0] == "disk, critical, share 0.05"
    assert {source for key, (_, source) in lines.items() if key.startswith("metrics.")} == {
        "fieldhouse.toml"
    }
    assert "canary" not in repr(settings) + str(lines)
    described = {key: source for key, _, source in Settings().described()}
    assert described["alerts.every"] == described["metrics.push"] == "default"


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ("alerts = 3", "alerts must be a table, as in [alerts]"),
        ("[alerts]\nevry = 1", "[alerts] evry is no setting; did you mean every?"),
        ("[alerts]\nevery = '0s'", "[alerts] every must be a number of seconds, or a time as"),
        ("[alerts]\ncalm = '1mo'", "[alerts] calm must be a number of seconds, or a time as"),
        ("[alerts]\nlink = 'https://u:p@x'", "[alerts] link must be an address"),
        ("[alerts.rules.x]", "[alerts.rules.x] kind must be one of no_success, "),
        ("[alerts.rules.x]\nkind = 'abov'", "did you mean above?"),
        ("[alerts.rules.x]\nkind = 'above'\nfield = 1", "[alerts.rules.x] needs limit"),
        ("[alerts.rules.x]\nkind = 'above'\nfield = 9\nlimit = 1", "field must be a field's"),
        ("[alerts.rules.x]\nkind = 'above'\nfield = 1\nlimit = true", "limit must be a number"),
        (
            "[alerts.rules.x]\nkind = 'below'\nfield = 1\nlimit = 2\nclear = 1",
            "clear must not lie beyond limit: above it",
        ),
        ("[alerts.rules.disk]\nshare = 5", "share must be a share above 0 and up to 1"),
        ("[alerts.rules.disk]\nchannels = [1]", "channels is no setting"),
        ("[alerts.rules.low_score]\nruns = 0", "runs must be a whole number of 1 or more"),
        ("[alerts.rules.gap]\nseverity = 'bad'", "severity must be one of info, warning"),
        ("[alerts.rules.gap]\nchannels = 9", "channels must be a list of channels"),
        ("[alerts.rules.'a b']\nkind = 'gap'", "is no name: letters, digits"),
        ("[alerts.receivers.m]", "[alerts.receivers.m] needs url, a reference to a secret"),
        (f"[alerts.receivers.m]\nurl = '{CANARY}'", "a reference to a secret, not the secret"),
        ("[metrics]\nfile = 'x.txt'", "[metrics] file must be a path that ends in .prom"),
        ("[metrics]\nmost_channels = true", "most_channels must be a whole number"),
        ("[metrics]\npush = 'http://u:p@x'", "push must be the address of a push gateway"),
    ],
)
def test_what_is_wrong_is_one_line(tmp_path: Path, toml: str, said: str) -> None:
    """The line names the table and the key, says what would be right, and repeats no secret."""
    with pytest.raises(ConfigurationError) as refused:
        read(tmp_path, toml)
    line = str(refused.value)
    assert line.startswith("fieldhouse.toml: ") and said in line
    assert "\n" not in line and "canary" not in line


def test_an_address_that_is_not_there_is_told_when_it_is_used(tmp_path: Path) -> None:
    """A missing variable stops nothing else: the receiver says why it is not told."""
    alerts = read(tmp_path, '[alerts.receivers.m]\nurl = { env = "NO" }').alerts
    assert alerts.receivers["m"].url is None
    assert "the variable NO is not set" in str(alerts.receivers["m"].missing)
