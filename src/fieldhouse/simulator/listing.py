"""The endpoints that list channels, none of which shows field labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .channel import Channel
from .exchange import Call, Response, denied, dump, error
from .query import zone
from .times import iso, to_i

PER_PAGE = 15


def settings(call: Call, id: str) -> Response:
    """`/channels/ID`: settings of a channel; a private one only with its owner's user key."""
    channel = call.channel(id)
    owner = call.world.user_key(channel.username)
    if channel.private and call.request.api_key != owner:
        return denied()
    return Response(dump(_public(call, channel)))


def own(call: Call) -> Response:
    """`/channels.json?api_key=USERKEY`: all channels of the key's user, with their keys."""
    user = call.world.user_of(call.request.api_key)
    if user is None:
        return error(401)
    mine = [channel for channel in _tagged(call) if channel.username == user]
    return Response(dump([_own(call, channel) for channel in mine]))


def of_user(call: Call, user: str) -> Response:
    """`/users/USER/channels`: a user's public channels; the private ones too with the user key."""
    if not call.world.is_user(user):
        return error(404)
    mine = call.world.user_of(call.request.api_key) == user
    shown = [c for c in _tagged(call) if c.username == user and (mine or not c.private)]
    return Response(dump({"channels": [_public(call, channel) for channel in shown]}))


def public(call: Call) -> Response:
    """`/channels/public`: pages of 15 public channels with more than one entry, latest first."""
    page = to_i(call.request.params.get("page", "1"))
    if page < 1:
        return error(404)
    shown = [c for c in _tagged(call) if not c.private and (c.last_entry_id or 0) > 1]
    shown.sort(key=lambda channel: (-channel.updated_at, channel.id))
    part = shown[(page - 1) * PER_PAGE : page * PER_PAGE]
    pagination = {"current_page": page, "per_page": PER_PAGE, "total_entries": len(shown)}
    channels = [_public(call, channel) for channel in part]
    return Response(dump({"pagination": pagination, "channels": channels}))


def _tagged(call: Call) -> Sequence[Channel]:
    tag = call.request.params.get("tag")
    return [c for c in call.world.channels.values() if tag is None or tag in c.tags]


def _public(call: Call, channel: Channel) -> dict[str, Any]:
    return {
        "id": channel.id,
        "name": channel.name,
        "description": channel.description,
        "latitude": channel.latitude,
        "longitude": channel.longitude,
        "created_at": iso(zone(call.request))(channel.created_at),
        "elevation": channel.elevation or "",
        "last_entry_id": call.last_entry_id(channel),
        "ranking": 100,
        "username": channel.username,
        "tags": _tags(channel),
    }


def _own(call: Call, channel: Channel) -> dict[str, Any]:
    keys = [(channel.write_key, True), (channel.read_key, False)]
    return {
        "id": channel.id,
        "name": channel.name,
        "description": channel.description,
        "latitude": channel.latitude,
        "longitude": channel.longitude,
        "created_at": iso(zone(call.request))(channel.created_at),
        "elevation": channel.elevation,
        "last_entry_id": call.last_entry_id(channel),
        "public_flag": not channel.private,
        "url": None,
        "ranking": 100,
        "metadata": channel.metadata,
        "license_id": 0,
        "github_url": None,
        "tags": _tags(channel),
        "api_keys": [{"api_key": key, "write_flag": write} for key, write in keys],
    }


def _tags(channel: Channel) -> list[dict[str, Any]]:
    return [{"id": number, "name": tag} for number, tag in enumerate(channel.tags, 1)]
