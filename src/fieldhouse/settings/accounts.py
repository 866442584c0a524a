"""The accounts of ThingSpeak that the settings name, beside one's own."""

from fieldhouse.errors import ConfigurationError
from fieldhouse.settings.model import Settings

__all__ = ["user_key"]


def user_key(settings: Settings, account: str | None = None) -> str:
    """The User API Key of an account, or that of ``THINGSPEAK_USER_API_KEY``, in clear.

    Raises `ConfigurationError` if it is not there.
    """
    if account is None:
        if settings.user_api_key is None:
            raise ConfigurationError(
                "your own channels need your User API Key: set THINGSPEAK_USER_API_KEY"
            )
        return settings.user_api_key.get_secret_value()
    if (found := settings.accounts.get(account)) is None:
        known = ", ".join(settings.accounts) or "none"
        raise ConfigurationError(f"no account {account!r} is in {settings.file}: there is {known}")
    if found.user_api_key is None:
        raise ConfigurationError(found.missing_key or f"account {account} has no user_api_key")
    return found.user_api_key.get_secret_value()
