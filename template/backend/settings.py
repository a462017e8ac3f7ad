"""Everything that can be set from outside: the environment, or the file `.env`. Knows no feature."""

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from database.engine import DEFAULT_URL


class Settings(BaseSettings):
    """Each description ends the sentence that a wrong value gets."""

    model_config = SettingsConfigDict(
        env_file=Path(__file__).parents[1] / ".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

    app_env: Literal["development", "production"] = Field(default="production", description="development or production")
    product_name: str = Field(default="My App", min_length=1, max_length=200, description="1 to 200 characters")
    database_url: str = Field(default=DEFAULT_URL, description=f"an address like {DEFAULT_URL}")
    host: str = Field(default="127.0.0.1", min_length=1, description="an address of this machine")
    port: int = Field(default=8000, ge=0, le=65535, description="a number from 1 to 65535, or 0 for any free port")

    @property
    def production(self) -> bool:
        return self.app_env == "production"


def read_settings() -> Settings:
    """Ends the program with one sentence when a value cannot be used."""
    try:
        return Settings()
    except ValidationError as error:
        wrong = error.errors()[0]
        name = str(wrong["loc"][0])
        rule = Settings.model_fields[name].description
        raise SystemExit(
            f"{name.upper()} must be {rule}; it is {wrong['input']!r}. Change it in the environment or in .env."
        ) from None
