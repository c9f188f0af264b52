"""Settings: everything that differs between two installations, read from the environment once."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parent.parent


class SettingsError(Exception):
    """The environment lacks something or says something that cannot be used."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One installation. `.env.example` explains each variable."""

    secret_key: str
    data_dir: Path = PROJECT_ROOT / "var"
    database_url: str = ""
    base_url: str = "http://127.0.0.1:8000"
    site_name: str = "Signpost"
    helpdesk_email: str = "helpdesk@signpost.example"
    helpdesk_phone: str = "020 7090 7755"
    smtp_url: str = ""
    models_dir: Path = PROJECT_ROOT / "models"
    encoder: str = "encoder"
    encoder_url: str = ""
    embeddings_token: str = ""
    max_upload_bytes: int = 10 * 1024 * 1024
    is_development: bool = False
    metrics_token: str = ""

    def __post_init__(self) -> None:
        if not self.database_url:
            object.__setattr__(self, "database_url", f"sqlite:///{self.data_dir / 'signpost.db'}")

    @property
    def is_secure(self) -> bool:
        """Cookies demand HTTPS everywhere but on the loopback address."""
        return not self.base_url.startswith(("http://127.0.0.1", "http://localhost"))

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Settings":
        """Read every `HELPDESK_` variable.

        Raises:
            SettingsError: names all missing or unusable variables together.
        """
        problems: list[str] = []
        data_dir = Path(environ.get("HELPDESK_DATA_DIR", PROJECT_ROOT / "var"))
        base_url = environ.get("HELPDESK_BASE_URL", "http://127.0.0.1:8000").rstrip("/")
        secret = environ.get("HELPDESK_SECRET_KEY", "")
        is_local = base_url.startswith(("http://127.0.0.1", "http://localhost"))
        if not secret and is_local:
            secret = _kept_secret(data_dir)
        if not secret:
            problems.append("HELPDESK_SECRET_KEY is missing (a long random string that signs cookies)")
        if not base_url.startswith("https://") and not is_local:
            problems.append("HELPDESK_BASE_URL must begin with https:// (plain HTTP is for loopback only)")
        upload = environ.get("HELPDESK_MAX_UPLOAD_MB", "10")
        if not upload.isdecimal() or int(upload) < 1:
            problems.append("HELPDESK_MAX_UPLOAD_MB must be a whole number of megabytes, at least 1")
        encoder_url = environ.get("HELPDESK_ENCODER_URL", "")
        if encoder_url and not encoder_url.startswith(("http://", "https://")):
            problems.append("HELPDESK_ENCODER_URL must begin with http:// or https:// and end in /v1")
        if problems:
            raise SettingsError("; ".join(problems) + ".")
        return cls(
            secret_key=secret,
            data_dir=data_dir,
            database_url=environ.get("HELPDESK_DATABASE_URL", ""),
            base_url=base_url,
            site_name=environ.get("HELPDESK_SITE_NAME", "Signpost"),
            helpdesk_email=environ.get("HELPDESK_EMAIL", "helpdesk@signpost.example"),
            helpdesk_phone=environ.get("HELPDESK_PHONE", "020 7090 7755"),
            smtp_url=environ.get("HELPDESK_SMTP_URL", ""),
            models_dir=Path(environ.get("HELPDESK_MODELS_DIR", PROJECT_ROOT / "models")),
            encoder=environ.get("HELPDESK_ENCODER", "encoder"),
            encoder_url=encoder_url,
            embeddings_token=environ.get("HELPDESK_EMBEDDINGS_TOKEN", ""),
            max_upload_bytes=int(upload) * 1024 * 1024,
            is_development=environ.get("HELPDESK_DEVELOPMENT", "") == "1",
            metrics_token=environ.get("HELPDESK_METRICS_TOKEN", ""),
        )


def _kept_secret(data_dir: Path) -> str:
    """On one machine the key is made once and kept, so that sign-ins outlive a restart."""
    path = data_dir / "secret-key"
    if path.exists():
        return path.read_text(encoding="ascii").strip()
    data_dir.mkdir(parents=True, exist_ok=True)
    key = secrets.token_urlsafe(48)
    path.touch(mode=0o600)
    path.write_text(key, encoding="ascii")
    return key
