"""What people say of anomalies: kept, and the quality of the days it is about scored anew."""

from datetime import datetime

from fieldhouse.warehouse import Warehouse

__all__ = ["label"]


def label(
    house: Warehouse, anomaly_id: str, is_real: bool | None, *, by: str, now: datetime
) -> bool:
    """Keep what ``by`` says of an incident, None takes it back; False: there is none of that name.

    ``now`` is naive UTC. Raises what the warehouse raises.
    """
    said = house.call("label_anomaly", anomaly_id=anomaly_id, is_real=is_real, labelled_by=by)
    if not said["Labelled"][0].as_py():
        return False
    channel_id = int(anomaly_id.rsplit("-", 2)[0])
    house.call("refresh_quality", channel_ids=[channel_id], as_of=now)
    return True
