"""The endpoints that list channels, none of which shows field labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from . import query
from .exchange import Refused, Request, Response, data, denied
from .source import House, Listed
from .times import iso, to_i

PER_PAGE = 15
RANKING = 100


def settings(house: House, request: Request, id: str, format: str) -> Response:
    """`/channels/ID`: settings of a channel; a private one only with its owner's user key."""
    channel = house.settings(int(id))
    return denied() if channel is None else data(_public(request, channel), format, "channel")


def own(house: House, request: Request, format: str) -> Response:
    """`/channels.json?api_key=USERKEY`: all channels of the key's user, with their keys."""
    return data(
        [owned(request, each) for each in _tagged(request, house.own())], format, "channels"
    )


def of_user(house: House, request: Request, user: str, format: str) -> Response:
    """`/users/USER/channels`: a user's public channels; the private ones too with the user key."""
    shown = [_public(request, each) for each in _tagged(request, house.of_user(user))]
    return data({"channels": shown}, format, "response")


def public(house: House, request: Request, format: str) -> Response:
    """`/channels/public`: pages of 15 public channels with more than one entry, latest first."""
    page = to_i(request.text("page") or "1")
    if page < 1:
        raise Refused(404)
    shown = [c for c in _tagged(request, house.public()) if (c.last_entry_id or 0) > 1]
    part = shown[(page - 1) * PER_PAGE : page * PER_PAGE]
    pagination = {"current_page": page, "per_page": PER_PAGE, "total_entries": len(shown)}
    channels = [_public(request, channel) for channel in part]
    return data({"pagination": pagination, "channels": channels}, format, "response")


def _tagged(request: Request, channels: Sequence[Listed]) -> Sequence[Listed]:
    tag = request.text("tag")
    return [channel for channel in channels if tag is None or tag in channel.tags]


def _public(request: Request, channel: Listed) -> dict[str, Any]:
    return {
        "id": channel.id,
        "name": channel.name,
        "description": channel.description,
        "latitude": channel.latitude,
        "longitude": channel.longitude,
        "created_at": _created(request, channel),
        "elevation": channel.elevation or "",
        "last_entry_id": channel.last_entry_id,
        "ranking": RANKING,
        "username": channel.username,
        "tags": _tags(channel),
    }


def owned(request: Request, channel: Listed) -> dict[str, Any]:
    """A channel as its owner sees it."""
    return {
        "id": channel.id,
        "name": channel.name,
        "description": channel.description,
        "latitude": channel.latitude,
        "longitude": channel.longitude,
        "created_at": _created(request, channel),
        "elevation": channel.elevation,
        "last_entry_id": channel.last_entry_id,
        "public_flag": channel.public,
        "url": None,
        "ranking": RANKING,
        "metadata": channel.metadata,
        "license_id": 0,
        "github_url": None,
        "tags": _tags(channel),
        "api_keys": [{"api_key": key, "write_flag": write} for key, write in channel.api_keys],
    }


def _created(request: Request, channel: Listed) -> str | None:
    at = channel.created_at
    return None if at is None else iso(query.zone(request))(at)


def _tags(channel: Listed) -> list[dict[str, Any]]:
    return [{"id": number, "name": tag} for number, tag in enumerate(channel.tags, 1)]
