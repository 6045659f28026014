"""Every environment variable Workbench reads, in one table. Read when asked, never at import."""

from __future__ import annotations

from pathlib import Path

from platformdirs import user_data_path
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from workbench.errors import RequestError


class Settings(BaseSettings):
    """The field `home` is the variable `WORKBENCH_HOME`, and so on; an empty variable is unset."""

    model_config = SettingsConfigDict(env_prefix="WORKBENCH_", env_ignore_empty=True, frozen=True)

    home: Path = Field(default_factory=lambda: user_data_path("workbench", appauthor=False))
    """Folder for everything Workbench writes outside a named output folder."""

    runner: str = "pocket"
    """The model runner that is used when none is named."""

    static: bool | None = None
    """Whether music shows itself as pages that play without a kernel; unset: where nobody looks."""

    database_url: str | None = None
    """Where jobs, artifacts and runs are kept; unset: `sqlite:///<home>/store/workbench.sqlite`."""

    remote_url: str | None = None
    """The service where the `remote` runner composes, such as http://host:2003."""

    token: str | None = None
    """What our services want to be shown, and what our clients show them."""


def read_settings() -> Settings:
    """The settings of this moment's environment. Raises `RequestError` for a value that is none."""
    try:
        return Settings()
    except ValidationError as error:
        fault = error.errors()[0]
        name = f"WORKBENCH_{fault['loc'][0]}".upper()
        raise RequestError(f"{name}: {fault['msg']}, got {fault['input']!r}") from error
