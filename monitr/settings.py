"""Settings from the environment. Each has a default that works on a laptop."""

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import platformdirs
from attrs import frozen

from core.domain.failures import FixSettings

HTTP_PORT_DEFAULT: Final = 8710
IDENTITY_CHARACTERS: Final = 16


@frozen(kw_only=True)
class Settings:
    """Where Monitr keeps things and where it listens."""

    data_dir: Path
    """``MONITR_DATA_DIR``: the database, the queue, the vault key. Made with mode 0700."""
    http_host: str = "127.0.0.1"
    """``MONITR_HTTP_HOST``: the address the HTTP shell binds."""
    http_port: int = HTTP_PORT_DEFAULT
    """``MONITR_HTTP_PORT``."""
    public_url: str | None = None
    """``MONITR_PUBLIC_URL``: the address under which browsers and providers reach the HTTP shell,
    such as ``https://books.example.com``. Providers that refuse plain http need it."""

    allowed_hosts: str = ""
    """``MONITR_ALLOWED_HOSTS``: machines inside private networks that may be called, separated by
    commas: names, addresses, networks (``odoo.lan, 192.168.1.20, 10.0.0.0/8``). This machine may
    be called without being named here while nobody else reaches Monitr (``is_local``)."""

    @property
    def is_local(self) -> bool:
        """Whether only this machine's own users can type in addresses."""
        return self.public_url is None and self.http_host in {"127.0.0.1", "::1", "localhost"}

    @property
    def callback_base(self) -> str:
        return self.public_url or f"http://{self.http_host}:{self.http_port}"

    @property
    def identity(self) -> str:
        """Tells one data directory from another without naming it."""
        digest = hashlib.sha256(str(self.data_dir.resolve()).encode()).hexdigest()
        return digest[:IDENTITY_CHARACTERS]


def settings_from(environ: Mapping[str, str], *, data_dir: Path | None = None) -> Settings:
    """The settings; FixSettings names a variable that cannot be used. An empty one is not set."""
    environ = {name: value for name, value in environ.items() if value.strip()}
    named = data_dir or (Path(environ["MONITR_DATA_DIR"]) if "MONITR_DATA_DIR" in environ else None)
    public_url = environ.get("MONITR_PUBLIC_URL", "").strip().rstrip("/") or None
    if public_url is not None:
        parts = urlsplit(public_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query:
            raise FixSettings(
                "MONITR_PUBLIC_URL must be an address such as https://books.example.com.",
                setting="MONITR_PUBLIC_URL",
            )
    return Settings(
        data_dir=(named or platformdirs.user_data_path("monitr")).expanduser(),
        http_host=environ.get("MONITR_HTTP_HOST", "127.0.0.1"),
        http_port=_port(environ.get("MONITR_HTTP_PORT", str(HTTP_PORT_DEFAULT))),
        public_url=public_url,
        allowed_hosts=environ.get("MONITR_ALLOWED_HOSTS", ""),
    )


def prepared(settings: Settings) -> Settings:
    """The same settings with the data directory made; FixSettings when it cannot be."""
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise FixSettings(
            f"The data directory {settings.data_dir} cannot be made ({error.strerror}): choose "
            "another with --data-dir or MONITR_DATA_DIR.",
            code="data-dir",
            setting="MONITR_DATA_DIR",
        ) from error
    if not os.access(settings.data_dir, os.W_OK | os.X_OK):
        raise FixSettings(
            f"The data directory {settings.data_dir} is not writable: choose another with "
            "--data-dir or MONITR_DATA_DIR.",
            code="data-dir",
            setting="MONITR_DATA_DIR",
        )
    return settings


def _port(text: str) -> int:
    if text.isdecimal() and 0 < int(text) < 65_536:  # noqa: PLR2004 - TCP ports
        return int(text)
    raise FixSettings(
        f"MONITR_HTTP_PORT is {text!r}: it must be a port number.", setting="MONITR_HTTP_PORT"
    )
