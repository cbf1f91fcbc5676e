"""Typed configuration, read from ``SIGNOFF_*`` and checked once at start, with every wrong value named."""

import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from importlib.util import find_spec
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from flask import current_app
from limits import parse_many
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from .business_time import known_country
from .channel_names import read_channels
from .errors import Refused
from .problems import Problem
from .text import LANGUAGES, msg


@dataclass(frozen=True)
class Config:
    """What an operator decides. Each field is the environment variable ``SIGNOFF_<NAME>``, documented by its help."""

    data_dir: Path = field(default=Path("var"), metadata={"help": "Folder for the database, files and demo mails."})
    database_url: str = field(
        default="",
        metadata={"help": "SQLAlchemy URL: sqlite:///… or postgresql+psycopg://…; empty: SQLite in the data folder."},
    )
    secret_key: str = field(
        default="",
        metadata={"help": "Signs sessions and links; empty: made once and kept in the data folder."},
    )
    base_url: str = field(default="http://127.0.0.1:8000", metadata={"help": "Address people see in messages."})
    mail_url: str = field(
        default="",
        metadata={
            "help": "smtp://user:password@host:port, smtps://…, or folder: to write mails to a folder; empty: no mail."
        },
    )
    mail_from: str = field(default="Signoff <signoff@localhost>", metadata={"help": "Sender of mails."})
    language: str = field(default="en", metadata={"help": "Language of people who chose none: en or zh."})
    time_zone: str = field(default="Asia/Shanghai", metadata={"help": "Zone of people and calendars that name none."})
    country: str = field(default="CN", metadata={"help": "Country whose holidays the default calendar keeps."})
    files_url: str = field(
        default="",
        metadata={"help": "Where files are kept: s3://bucket/folder, file:///folder; empty: the data folder."},
    )
    max_upload_bytes: int = field(default=20 * 1024 * 1024, metadata={"help": "Largest upload, in bytes."})
    sqlite_synchronous: str = field(
        default="FULL",
        metadata={"help": "FULL: no accepted decision is lost in a power cut; NORMAL: faster."},
    )
    session_hours: int = field(default=12, metadata={"help": "Hours until an idle person signs in again."})
    sign_in_limit: str = field(default="10 per minute", metadata={"help": "Sign-in attempts per address and name."})
    api_limit: str = field(default="60000 per minute", metadata={"help": "API calls per person or address."})
    limits: str = field(
        default="memory",
        metadata={"help": "Where attempts are counted: memory of each process, database, or redis://host:6379."},
    )
    background: str = field(
        default="embedded",
        metadata={"help": "embedded: timers and messages in the web process; external: only in signoff worker."},
    )
    jobs: str = field(
        default="outbox",
        metadata={"help": "Who finds due jobs: outbox (workers look), or procrastinate (PostgreSQL, many nodes)."},
    )
    link_hours: int = field(
        default=72,
        metadata={"help": "Hours for which a link in a message decides without signing in; 0: no such links."},
    )
    channels: str = field(
        default="",
        metadata={"help": "Chat channels for apprise, name=address, with spaces between: dingtalk=dingtalk://token."},
    )
    webhooks_private: str = field(
        default="",
        metadata={"help": "Private networks that webhooks may call, as in 10.0.0.0/8, 127.0.0.1; *: all; empty: none."},
    )
    live_streams: int = field(
        default=12,
        metadata={"help": "Open pages that a web process holds a connection for; the others ask every five seconds."},
    )
    second_person: str = field(
        default="",
        metadata={"help": "Keys of forms and flows that somebody else must confirm before they are in force; *: all."},
    )
    plugins: str = field(default="", metadata={"help": "Further plugins, comma-separated module:attribute."})
    log_level: str = field(default="INFO", metadata={"help": "DEBUG, INFO, WARNING or ERROR."})
    secure_cookies: bool = field(
        default=False, metadata={"help": "true behind HTTPS: cookies are sent over HTTPS only."}
    )
    proxies: int = field(default=0, metadata={"help": "Trusted reverse proxies in front, for addresses and limits."})
    demo: bool = field(
        default=False, metadata={"help": "The sign-in page shows who can sign in, and how. Never for real data."}
    )
    testing: bool = field(default=False, metadata={"help": "For the test suite: no limits, no background threads."})

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def files_dir(self) -> Path:
        return self.data_dir / "files"

    @property
    def mail_dir(self) -> Path:
        return self.data_dir / "mail"


def current() -> Config:
    """The configuration of the current application."""
    found: Config = current_app.extensions["signoff"].config
    return found


def load(environ: Mapping[str, str] | None = None, **overrides: Any) -> Config:
    """The configuration of this process; ``overrides`` win over the environment.

    Raises:
        Refused: with one problem per wrong or unknown variable.
    """
    environ = os.environ if environ is None else environ
    problems: list[Problem] = []
    values: dict[str, Any] = {}
    known = {f"SIGNOFF_{each.name.upper()}": each for each in fields(Config)}
    for name in sorted(environ):
        if not name.startswith("SIGNOFF_") or name.startswith("SIGNOFF_TEST_"):
            continue
        if name not in known:
            problems.append(
                Problem(
                    f"/{name}",
                    "unknown_setting",
                    msg("No setting %(name)s. Remove it or correct its name.", name=name),
                )
            )
            continue
        parsed = _convert(known[name].type, environ[name])
        if parsed is None:
            problems.append(
                Problem(
                    f"/{name}",
                    "wrong_type",
                    msg("%(name)s is %(value)s, which cannot be read.", name=name, value=repr(environ[name])),
                )
            )
        else:
            values[known[name].name] = parsed
    config = Config(**{**values, **overrides})
    problems += [
        Problem(f"/SIGNOFF_{name.upper()}", "wrong_value", message)
        for name, check in _CHECKS.items()
        if (message := check(getattr(config, name)))
    ]
    if config.jobs == "procrastinate" and not config.database_url.startswith(("postgresql", "postgres:")):
        problems.append(
            Problem("/SIGNOFF_JOBS", "wrong_value", msg("procrastinate needs PostgreSQL. Set SIGNOFF_DATABASE_URL."))
        )
    if problems:
        raise Refused(
            msg("The configuration has %(count)s problems.", count=len(problems)),
            code="configuration",
            problems=problems,
        )
    return _with_defaults(config)


def _convert(kind: Any, raw: str) -> Any:
    """``raw`` as the field's type, ``None`` if it cannot be."""
    if kind is Path:
        return Path(raw)
    if kind is int:
        return int(raw) if raw.strip().isdecimal() else None
    if kind is bool:
        return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False, "": False}.get(
            raw.strip().lower()
        )
    return raw.strip()


def _check_database(url: str) -> str:
    if not url:
        return ""
    try:
        name = make_url(url).get_backend_name()
    except ArgumentError:
        return msg("%(value)s is no database address. Example: sqlite:///signoff.db", value=repr(url))
    return (
        ""
        if name in ("sqlite", "postgresql")
        else msg("%(name)s is not supported. Use sqlite or postgresql.", name=name)
    )


def _check_mail(url: str) -> str:
    if not url or url == "folder:" or urlsplit(url).scheme in ("smtp", "smtps"):
        return ""
    return msg("%(value)s is no mail address. Use smtp://host:port, smtps://host:port or folder:", value=repr(url))


def _check_files(url: str) -> str:
    parts = urlsplit(url)
    if not url or (parts.scheme == "file" and not parts.netloc and parts.path.startswith("/")):
        return ""
    if parts.scheme != "s3" or not parts.netloc:
        return msg("%(value)s is no place for files. Use s3://bucket/folder or file:///folder.", value=repr(url))
    return "" if find_spec("s3fs") is not None else msg("s3fs is not installed: pip install 'signoff[s3]'.")


def _check_channels(text: str) -> str:
    try:
        read_channels(text)
    except ValueError as error:
        return error.args[0]  # type: ignore[no-any-return]
    return ""


def _check_networks(text: str) -> str:
    for name in (each.strip() for each in text.split(",")):
        try:
            if name not in ("", "*"):
                ip_network(name)
        except ValueError:
            return msg("%(value)s is no network. Example: 10.0.0.0/8, 127.0.0.1", value=repr(name))
    return ""


def _one_of(*allowed: str) -> Callable[[str], str]:
    return lambda value: (
        ""
        if value in allowed
        else msg("%(value)s is not known. Known: %(known)s.", value=repr(value), known=", ".join(allowed))
    )


def _at_least(least: int) -> Callable[[int], str]:
    return lambda value: (
        "" if value >= least else msg("%(value)s is too small; at least %(least)s.", value=value, least=least)
    )


def _check_limit(text: str) -> str:
    try:
        parse_many(text)
    except ValueError:
        return msg("%(value)s is no limit. Example: 10 per minute.", value=repr(text))
    return ""


def _check_jobs(name: str) -> str:
    if name == "procrastinate" and find_spec("procrastinate") is None:
        return msg("procrastinate is not installed: pip install 'signoff[distributed]'.")
    return _one_of("outbox", "procrastinate")(name)


def _check_country(code: str) -> str:
    if not code or known_country(code):
        return ""
    return msg("No holidays of %(value)s are known. Use a code as in CN or DE-BY, or leave it empty.", value=repr(code))


_CHECKS: dict[str, Callable[[Any], str]] = {
    "database_url": _check_database,
    "mail_url": _check_mail,
    "files_url": _check_files,
    "base_url": lambda url: (
        ""
        if urlsplit(url).scheme in ("http", "https")
        else msg("%(value)s is no http or https address.", value=repr(url))
    ),
    "limits": lambda kept: (
        ""
        if kept in ("memory", "database") or kept.startswith(("redis://", "rediss://"))
        else msg("%(value)s is not known. Known: %(known)s.", value=repr(kept), known="memory, database, redis://…")
    ),
    "channels": _check_channels,
    "webhooks_private": _check_networks,
    "language": _one_of(*LANGUAGES),
    "time_zone": lambda zone: (
        ""
        if zone in available_timezones()
        else msg("No time zone %(value)s. Example: Asia/Shanghai.", value=repr(zone))
    ),
    "country": _check_country,
    "sign_in_limit": _check_limit,
    "api_limit": _check_limit,
    "sqlite_synchronous": _one_of("FULL", "NORMAL"),
    "background": _one_of("embedded", "external"),
    "jobs": _check_jobs,
    "log_level": _one_of("DEBUG", "INFO", "WARNING", "ERROR"),
    "max_upload_bytes": _at_least(1024),
    "session_hours": _at_least(1),
    "link_hours": lambda hours: (
        "" if hours <= 24 * 30 else msg("%(value)s is too large; at most %(most)s.", value=hours, most=24 * 30)
    ),
    "secret_key": lambda key: (
        "" if not key or len(key) >= 16 else msg("The secret key has %(n)s characters; use at least 16.", n=len(key))
    ),
}


def _with_defaults(config: Config) -> Config:
    """Fill what is derived: absolute data folder, database in it, a secret key kept in it."""
    data_dir = Path(config.data_dir).expanduser().resolve()
    values = {each.name: getattr(config, each.name) for each in fields(Config)} | {"data_dir": data_dir}
    values["database_url"] = config.database_url or f"sqlite:///{data_dir / 'signoff.db'}"
    if values["database_url"].startswith(("postgresql://", "postgres://")):
        values["database_url"] = "postgresql+psycopg://" + values["database_url"].split("://", 1)[1]
    values["secret_key"] = config.secret_key or _kept_secret(data_dir / "secret.key")
    values["base_url"] = config.base_url.rstrip("/")
    return Config(**values)


def _kept_secret(path: Path) -> str:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600, exist_ok=True)
        path.write_text(secrets.token_urlsafe(48), encoding="utf-8")
    return path.read_text(encoding="utf-8").strip()
