"""An anomaly is an alert while it goes on, with its evidence, for who asks for it."""

from datetime import datetime
from pathlib import Path
from typing import Any

from test_unusual_contract import STEP, bring, weather
from warehouse_kit import HOUR, MINUTE, T0, opened

from fieldhouse.settings import Settings, load_settings
from fieldhouse.warehouse import Warehouse
from fieldhouse.watch.alerts import look, open_alerts


def configured(folder: Path, toml: str) -> Settings:
    """The settings of a file."""
    (folder / "fieldhouse.toml").write_text(toml)
    url = f"duckdb:///{folder / 'fieldhouse.duckdb'}"
    return load_settings({"warehouse_url": url}, directory=folder, environ={})


def told(house: Warehouse, settings: Settings, now: datetime) -> list[dict[str, Any]]:
    """The open alerts about anomalies, once it was looked."""
    look(house, settings, now)
    return [alert for alert in open_alerts(house, now) if alert["RuleName"] == "anomaly"]


def test_an_anomaly_is_told_with_its_evidence(tmp_path: Path) -> None:
    """It opens with what is unusual and ends with it, or when a person calls it ok; a channel of
    which nothing is unusual has no such alert, nor has one whose settings do not ask for it."""
    settings = configured(tmp_path, "[alerts.rules.anomaly]\n")
    readings = weather(20)
    readings[-1] = (readings[-1][0], 45.0)
    now = readings[-1][0] + HOUR
    with opened(settings.warehouse_url) as house:
        house.migrate()
        bring(house, readings[:-1], 1)
        house.call("upsert_channel", channel_id=9, refreshed_at=T0)
        assert told(house, settings, readings[-1][0]) == []
        bring(house, readings[-1:], len(readings))
        assert told(house, configured(tmp_path, ""), now) == []
        (alert,) = told(house, settings, now)
        assert (alert["Severity"], alert["ChannelID"], alert["FieldNumber"]) == ("warning", 9, 1)
        assert alert["SinceAt"] == T0 + (len(readings) - 1) * STEP
        assert alert["Summary"].startswith("field 1 is unusual, out of range: 45: never above ")
        (found,) = house.query("anomalies_kept", start_at=now - 2 * HOUR).to_pylist()
        said = {"anomaly_id": found["AnomalyID"], "labelled_by": "ann"}
        house.call("label_anomaly", is_real=False, **said)
        (alert,) = told(house, settings, now + MINUTE)
        assert alert["QuietSince"] == now + MINUTE
        house.call("label_anomaly", is_real=True, **said)
        (alert,) = told(house, settings, now + 2 * MINUTE)
        assert alert["QuietSince"] is None
        look(house, settings, now + 7 * HOUR)
        assert told(house, settings, now + 8 * HOUR) == []
