"""What proves who somebody is: passwords, one-time links and codes. Arithmetic only, no database."""

import hashlib
import secrets
from datetime import datetime
from functools import cache

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from helpdesk.kernel.errors import Invalid

MIN_LENGTH = 10  # characters
MAX_LENGTH = 200  # characters; bounds the work of one sign-in
CODE_STEP_SECONDS = 30  # RFC 6238

# The least that OWASP's password storage guidance asks of Argon2id: 19 MiB, two passes, one lane.
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)

# The long ones among what people choose first; shorter ones fail by length.
_COMMON_WORDS = """
    1234567890 0123456789 0987654321 1111111111 12345678910 123456789a 1q2w3e4r5t 1q2w3e4r5t6y
    qwertyuiop qwerty12345 qwertyuiop123 asdfghjkl1 password12 password123 password1234 password12345
    passw0rd123 p@ssw0rd123 p@ssword123 letmein123 letmein1234 welcome123 welcome1234 iloveyou123
    sunshine123 football123 princess123 monkey12345 abcdefghij abcd123456 abc1234567 administrator
    admin12345 admin123456 changeme123 change-me-now default123 temporary1 testtest123 test123456
    helpdesk123 smartmeter smartmeter1 smartmeter123 smartenergy smartenergy1 smartenergycode
    signpost123 liverpool123 manchester1 london12345
"""
COMMON = frozenset(_COMMON_WORDS.split())


def check_password(password: str, email: str | None = None) -> None:
    """Refuse what is guessed first.

    Raises:
        Invalid: too short, too long, common, or made of the person's own e-mail address.
    """
    if len(password) < MIN_LENGTH:
        raise Invalid(f"Choose a password of at least {MIN_LENGTH} characters; a few words in a row work well.")
    if len(password) > MAX_LENGTH:
        raise Invalid(f"Choose a password of at most {MAX_LENGTH} characters.")
    plain = password.casefold()
    if plain in COMMON or len(set(plain)) < 4:
        raise Invalid("This password is among the first that are guessed. Choose a less common one.")
    if email and plain in {email.casefold(), email.casefold().partition("@")[0]}:
        raise Invalid("Choose a password that is not your e-mail address.")


def hash_password(password: str) -> str:
    return _hasher.hash(password)


def verify_password(password_hash: str | None, password: str) -> bool:
    """Whether the password fits; without a hash the same time passes before the answer is no."""
    try:
        _hasher.verify(password_hash or _nobodys_hash(), password[: MAX_LENGTH + 1])
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def needs_rehash(password_hash: str) -> bool:
    return _hasher.check_needs_rehash(password_hash)


@cache
def _nobodys_hash() -> str:
    return _hasher.hash(secrets.token_hex(32))


def new_token() -> str:
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """What the database keeps of a token: 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_totp_secret() -> str:
    return pyotp.random_base32()


def totp_address(secret: str, email: str, site_name: str) -> str:
    """The otpauth:// address that an authenticator app reads from the picture."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=site_name)


def match_code(secret: str, code: str, last_step: int | None, at: datetime) -> int | None:
    """The step whose code this is, one step of clock drift allowed; None if wrong or not newer than `last_step`."""
    digits = "".join(code.split())
    if len(digits) != 6 or not digits.isascii() or not digits.isdecimal():
        return None
    now = int(at.timestamp()) // CODE_STEP_SECONDS
    totp = pyotp.TOTP(secret)
    for step in (now - 1, now, now + 1):
        if step > (last_step or 0) and secrets.compare_digest(totp.generate_otp(step), digits):
            return step
    return None
