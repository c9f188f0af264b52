"""Invents the demonstration's organisations and people.

Every name is made up. Numbers by category and of Voting Groups are those of the published year report for 2019-20.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from random import Random

from helpdesk.accounts.enums import Category, UserRole
from helpdesk.demo import texts
from helpdesk.kernel.policy import Role
from helpdesk.tickets.enums import QueueSlug

STAFF_DOMAIN = "signpost.example"
MEMBERS = 700  # Party members beside the ready accounts
DCC_NAME = "Data Communications Company"
# Parties and Voting Groups of each category; together 333 Parties in 263 groups.
PARTIES = {
    Category.ELECTRICITY_NETWORK: (27, 10),
    Category.GAS_NETWORK: (20, 10),
    Category.LARGE_SUPPLIER: (28, 13),
    Category.SMALL_SUPPLIER: (137, 117),
    Category.OTHER: (120, 112),
}
SHARING_SHARE = 0.55  # of organisations whose members see each other's tickets
# How likely a Party of a category holds each User Role.
ROLE_SHARES = {
    Category.LARGE_SUPPLIER: {UserRole.IMPORT_SUPPLIER: 1.0, UserRole.GAS_SUPPLIER: 0.8, UserRole.EXPORT_SUPPLIER: 0.6},
    Category.SMALL_SUPPLIER: {UserRole.IMPORT_SUPPLIER: 1.0, UserRole.GAS_SUPPLIER: 0.7, UserRole.EXPORT_SUPPLIER: 0.2},
    Category.ELECTRICITY_NETWORK: {UserRole.ELECTRICITY_DISTRIBUTOR: 1.0},
    Category.GAS_NETWORK: {UserRole.GAS_TRANSPORTER: 1.0},
    Category.OTHER: {UserRole.OTHER_USER: 0.45, UserRole.REGISTERED_SUPPLIER_AGENT: 0.3},
}
# How many more people a Party of a category sends, relative to the others.
PEOPLE_WEIGHTS = {Category.LARGE_SUPPLIER: 5.0, Category.ELECTRICITY_NETWORK: 2.5, Category.DCC: 12.0}


@dataclass(frozen=True, slots=True)
class OrganisationSeed:
    """An invented Party."""

    name: str
    category: Category
    voting_group: str
    user_roles: tuple[UserRole, ...]
    domains: tuple[str, ...]
    shares_tickets: bool


@dataclass(frozen=True, slots=True)
class PersonSeed:
    """An invented person. `purpose` says what a ready account is there to show; empty for everybody else."""

    name: str
    email: str
    role: Role
    organisation: str | None
    queues: tuple[str, ...] = ()
    purpose: str = ""

    @property
    def is_ready_account(self) -> bool:
        return bool(self.purpose)


def organisations(seed: int) -> list[OrganisationSeed]:
    """The 333 Parties, grouped by category; `seed` decides their names and choices."""
    random = Random(seed)  # noqa: S311 - invented names, not a secret
    words = texts.names()
    stems = [first + last for first in words["stem_starts"] for last in words["stem_ends"]]
    random.shuffle(stems)
    unused = iter(stems)
    made = [
        _organisation(name, category, group, random)
        for category, (parties, groups) in PARTIES.items()
        for group, size in zip(unused, _sizes(parties, groups), strict=False)
        for name in _names(group, words["firms"][category], size, random)
    ]
    return [*made, OrganisationSeed(DCC_NAME, Category.DCC, DCC_NAME, (), ("dcc.example",), shares_tickets=True)]


def people(seed: int) -> list[PersonSeed]:
    """The ready accounts first, then about seven hundred Party members spread over all organisations."""
    parties = organisations(seed)
    random = Random(seed + 1)  # noqa: S311 - invented names, not a secret
    own, competitor = ready_parties(parties)
    ready = [*_ready_members(own, competitor), *_staff()]
    weights = [PEOPLE_WEIGHTS.get(party.category, 1.0) for party in parties]
    placed = [*parties, *random.choices(parties, weights, k=MEMBERS - len(parties))]
    return [*ready, *_members(placed, taken={person.email for person in ready}, random=random)]


def ready_parties(parties: Sequence[OrganisationSeed]) -> tuple[OrganisationSeed, OrganisationSeed]:
    """A Small Supplier that shares tickets and another that competes with it, for the ready accounts."""
    small = [party for party in parties if party.category is Category.SMALL_SUPPLIER and party.shares_tickets]
    own = small[0]
    return own, next(party for party in small if party.voting_group != own.voting_group)


def _sizes(parties: int, groups: int) -> list[int]:
    """How many Parties each group has: the first ones take what is left over, a few at a time."""
    sizes = [1] * groups
    larger = min(groups, max(1, round((parties - groups) / 2)))
    for number in range(parties - groups):
        sizes[number % larger] += 1
    return sizes


def _names(stem: str, firms: Sequence[str], size: int, random: Random) -> list[str]:
    return [f"{stem} {firm}" for firm in random.sample(firms, size)]


def _organisation(name: str, category: Category, group: str, random: Random) -> OrganisationSeed:
    roles = tuple(role for role, share in ROLE_SHARES[category].items() if random.random() < share)
    domain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return OrganisationSeed(name, category, group, roles, (f"{domain}.example",), random.random() < SHARING_SHARE)


def _ready_members(own: OrganisationSeed, competitor: OrganisationSeed) -> list[PersonSeed]:
    return [
        _person("Maya Okafor", Role.MEMBER, own, "A Party member whose organisation shares tickets"),
        _person("Tom Hadley", Role.MEMBER, own, "Her colleague, who reads the tickets they share"),
        _person("Isla Renwick", Role.MEMBER, competitor, "A member of a competing Party, who must see none of them"),
        _person("Ruth Amadi", Role.PARTY_ADMIN, own, "The Party's administrator, who invites and approves people"),
    ]


def _staff() -> list[PersonSeed]:
    everyday = tuple(team.slug for team in texts.teams() if not team.restricted)
    named = (
        ("Sam Whitlock", Role.AGENT, everyday, "An agent of the everyday queues"),
        (
            "Priya Raman",
            Role.AGENT,
            (*everyday, QueueSlug.SECURITY_INCIDENTS),
            "An agent who is also a named member of Security Incidents",
        ),
        (
            "Leon Farrow",
            Role.AGENT,
            (*everyday, QueueSlug.DEFAULTS, QueueSlug.DATA_PROTECTION),
            "An agent who is also a named member of Defaults and SoLR and of Data Protection",
        ),
        ("Grace Tindall", Role.LEAD, everyday, "A lead, who publishes answers and reads Insights"),
        ("Owen Marsh", Role.ADMIN, everyday, "The administrator of the site"),
    )
    return [PersonSeed(name, _email(name, STAFF_DOMAIN), role, None, queues, why) for name, role, queues, why in named]


def _members(parties: Sequence[OrganisationSeed], *, taken: set[str], random: Random) -> Iterator[PersonSeed]:
    """One person for each place; the first of a Party is its administrator when more than one comes."""
    names = texts.names()
    places = [party.name for party in parties]
    has_several = {name for name in places if places.count(name) > 1}
    seen: set[str] = set()
    for party in parties:
        name = f"{random.choice(names['first_names'])} {random.choice(names['last_names'])}"
        email = _free(name, party.domains[0], taken)
        taken.add(email)
        leads = party.name in has_several and party.name not in seen
        seen.add(party.name)
        yield PersonSeed(name, email, Role.PARTY_ADMIN if leads else Role.MEMBER, party.name)


def _person(name: str, role: Role, party: OrganisationSeed, purpose: str) -> PersonSeed:
    return PersonSeed(name, _email(name, party.domains[0]), role, party.name, purpose=purpose)


def _email(name: str, domain: str) -> str:
    return f"{re.sub(r'[^a-z]+', '.', name.lower())}@{domain}"


def _free(name: str, domain: str, taken: set[str]) -> str:
    """An address that nobody has, with a number after the name when the plain one is taken."""
    plain = _email(name, domain)
    others = (_email(name, domain).replace("@", f"{number}@") for number in count(2))
    return plain if plain not in taken else next(email for email in others if email not in taken)
