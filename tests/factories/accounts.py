"""People and organisations for tests."""

from functools import cache
from itertools import count
from typing import Any

from sqlalchemy.orm import Session, object_session

from helpdesk.accounts import credentials, queries
from helpdesk.accounts.enums import Category
from helpdesk.accounts.models import Organisation, SignIn, User
from helpdesk.kernel.policy import Actor, Role

PASSWORD = "plain words for a test"

_numbers = count(1)
_hash = cache(credentials.hash_password)


def make_organisation(db: Session, name: str | None = None, **fields: Any) -> Organisation:
    fields = {"category": Category.SMALL_SUPPLIER, **fields}
    organisation = Organisation(name=name or f"Organisation {next(_numbers)}", **fields)
    db.add(organisation)
    db.flush()
    return organisation


def make_user(db: Session, role: Role = Role.MEMBER, organisation: Organisation | None = None, **fields: Any) -> User:
    """A person with `PASSWORD` if `password=PASSWORD` is asked for; members get an organisation of their own."""
    number = next(_numbers)
    if organisation is None and role in {Role.MEMBER, Role.PARTY_ADMIN} and "source" not in fields:
        organisation = make_organisation(db)
    password = fields.pop("password", None)
    if password is not None:
        fields["password_hash"] = _hash(password)
    fields = {"email": f"person{number}@example.com", "name": f"Person {number}", **fields}
    user = User(role=role, organisation=organisation, **fields)
    db.add(user)
    db.flush()
    return user


def make_actor(db: Session, role: Role = Role.MEMBER, organisation: Organisation | None = None, **fields: Any) -> Actor:
    user = make_user(db, role, organisation, **fields)
    return as_actor(user)


def as_actor(user: User) -> Actor:
    """The actor of a user that a factory made, as it is in the database now."""
    db = object_session(user)
    assert db is not None
    return queries.actor(db, user.id)


def start_sign_in(db: Session, user: User) -> str:
    """A signed-in browser of `user`; its id is what the session cookie holds."""
    row = SignIn(id=credentials.new_token(), user_id=user.id, user_agent="Test browser", address="127.0.0.1")
    db.add(row)
    db.flush()
    return row.id
