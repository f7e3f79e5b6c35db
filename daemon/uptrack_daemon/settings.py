"""What a user may set: environment variables ``UPTRACK_*`` first, then ``config.toml`` in the home, then defaults.

These are the daemon's settings; what one analysis is judged by (``uptrack_analysis.analyze.Settings``) starts from
``genre`` and ``target`` here and follows the request.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from uptrack_analysis.errors import BadInput
from uptrack_analysis.report import Target
from uptrack_bridges.account import SITE
from uptrack_bridges.reastream import PORT
from uptrack_daemon.home import Home

Port = Annotated[int, Field(ge=0, le=65_535)]


class DaemonSettings(BaseSettings):
    """Every setting with its default; ``load`` reads them, a test passes them as arguments."""

    model_config = SettingsConfigDict(env_prefix="UPTRACK_", extra="forbid", frozen=True)

    workers: Annotated[int, Field(ge=1, le=16)] = 1
    """Analyses at the same time. One keeps a DAW's audio thread on the same machine undisturbed."""
    worker_memory_mib: Annotated[int, Field(ge=512, le=1_048_576)] = 4_096
    """Address space of one worker (``RLIMIT_AS``), where the system can hold a process to it."""
    time_limit_s: Annotated[float, Field(gt=0, le=86_400, allow_inf_nan=False)] = 120.0
    """What every analysis may take, whatever its length ..."""
    time_limit_per_audio_s: Annotated[float, Field(ge=0, le=1_000, allow_inf_nan=False)] = 2.0
    """... and what each second of audio adds."""
    stop_grace_s: Annotated[float, Field(ge=0, le=3_600, allow_inf_nan=False)] = 5.0
    """How long a running analysis may still take when the daemon stops; after that it waits for the next start."""
    retention_days: Annotated[int, Field(ge=0, le=7)] = 7
    """How long audio we made ourselves is kept; 0 deletes it as soon as its analysis ends."""
    port: Port = 0
    """HTTP and WebSocket; 0 takes any free port, which ``bridge.json`` then names."""
    osc_port: Port = 0
    live_port: Port = PORT
    """UDP port on which ReaStream is heard; the plug-in sends to no other. 0 takes any free one."""
    watch: Annotated[tuple[Path, ...], NoDecode] = ()
    """Folders whose exports are analysed; in ``UPTRACK_WATCH`` separated as in ``PATH``."""
    genre: Annotated[str, Field(min_length=1, max_length=40)] | None = None
    """Family of thresholds when the request names none; ``None`` guesses."""
    target: Target = "club"
    account_site: str = SITE
    """The account that `uptrack link` links to if it is told no other."""
    account_deletes_here: bool = False
    """Erase here, too, what is deleted on the account's page."""
    account_audio: Literal["never", "always"] = "never"
    """Whether the audio of each new report is sent to the linked account, too, to be analysed there."""
    keychain: bool = True
    """Keep the account's key in the system's keychain if one answers; else in a file of the home."""

    @field_validator("watch", mode="before")
    @classmethod
    def _split_like_path(cls, value: Any) -> Any:
        return [part for part in value.split(os.pathsep) if part] if isinstance(value, str) else value

    @field_validator("watch")
    @classmethod
    def _absolute(cls, folders: tuple[Path, ...]) -> tuple[Path, ...]:
        expanded = tuple(folder.expanduser() for folder in folders)
        for folder in expanded:
            if not folder.is_absolute():
                raise ValueError(f"a watched folder needs an absolute path, not {str(folder)!r}")
        return expanded


class _Toml(PydanticBaseSettingsSource):
    """The values of one parsed ``config.toml``, as they stand."""

    def __init__(self, settings_cls: type[BaseSettings], values: dict[str, Any]) -> None:
        super().__init__(settings_cls)
        self._values = values

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        return self._values.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        return self._values


def load(home: Home, **overrides: Any) -> DaemonSettings:
    """Read the settings of ``home``; ``overrides`` (a command's own options) win over everything.

    Raises
    ------
    BadInput
        ``config.toml`` cannot be read or parsed, or a setting is unknown, of the wrong type or out of range; code
        ``config.bad``.
    """
    values = _read_toml(home.config_file)

    class _Loaded(DaemonSettings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return init_settings, env_settings, _Toml(settings_cls, values)

    try:
        return _Loaded(**overrides)
    except ValidationError as error:
        raise _explain(error, home.config_file, overrides) from None


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError:
        raise BadInput(f"Expected {path} to be UTF-8 text; save it as UTF-8.", code="config.bad") from None
    except tomllib.TOMLDecodeError as error:
        raise BadInput(
            f"Expected TOML in {path}, but {error}; text values need quotes, lists need brackets.", code="config.bad"
        ) from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise BadInput(f"{path} cannot be read ({reason}); check its permissions.", code="config.bad") from error


def _explain(error: ValidationError, file: Path, overrides: dict[str, Any]) -> BadInput:
    first = error.errors(include_url=False)[0]
    name = str(first["loc"][0]) if first["loc"] else "settings"
    variable = f"UPTRACK_{name.upper()}"
    if name in overrides:
        where = f"Option {name}"
    elif any(known.upper() == variable for known in os.environ):
        where = f"Environment variable {variable}"
    else:
        where = f"Setting {name} in {file}"
    if first["type"] == "extra_forbidden":
        known = ", ".join(sorted(DaemonSettings.model_fields))
        return BadInput(f"{where} is not known; the settings are {known}.", code="config.bad")
    message = first["msg"].removeprefix("Value error, ")
    return BadInput(f"{where}: {message[:1].lower()}{message[1:]}; got {first['input']!r}.", code="config.bad")
