"""E-mail addresses and domains as we keep them."""

import re
from collections.abc import Iterable

from helpdesk.kernel.errors import Invalid

MAX_EMAIL = 254  # characters; RFC 5321 section 4.5.3.1.3 less the brackets

# Stricter than the standard on purpose: signs that could split a header into two addresses are left out.
_PART = r"[^@\s\x00-\x1f,;:<>()\[\]\"\\\\]+"
_EMAIL = re.compile(rf"{_PART}@{_PART}\.{_PART}")
_DOMAIN = re.compile(r"(?=.{4,190}$)([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}")
# Anybody can have an address there, so it proves no organisation.
PUBLIC_DOMAINS = frozenset(
    {"gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "hotmail.co.uk", "live.com", "yahoo.com"}
    | {"yahoo.co.uk", "icloud.com", "aol.com", "btinternet.com", "proton.me", "protonmail.com", "gmx.com"}
)


def clean_email(email: str) -> str:
    """The address in lower case.

    Raises:
        Invalid: it is none.
    """
    email = email.strip().lower()
    if len(email) > MAX_EMAIL or not _EMAIL.fullmatch(email):
        raise Invalid("Enter a whole e-mail address, such as name@example.com.")
    return email


def clean_domains(domains: Iterable[str]) -> list[str]:
    """The domains in lower case, each once.

    Raises:
        Invalid: one is no domain, or proves no organisation.
    """
    cleaned = sorted({domain.strip().lower().lstrip("@") for domain in domains if domain.strip()})
    for domain in cleaned:
        if not _DOMAIN.fullmatch(domain):
            raise Invalid(f"“{domain[:80]}” is no e-mail domain. Enter one a line, such as example.com.")
        if domain in PUBLIC_DOMAINS:
            raise Invalid(f"Anybody can have an address at {domain}, so it proves no organisation. Remove it.")
    return cleaned
