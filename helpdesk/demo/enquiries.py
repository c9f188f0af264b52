"""Generates a year of invented enquiries from the intents that ship with the package."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from random import Random
from typing import Any

from helpdesk.demo import texts
from helpdesk.demo.wording import Facts, Worded, Writer
from helpdesk.tickets import hours

DAYS_IN_MONTH = 30.44  # mean over the calendar
WEEKDAY_WEIGHTS = (1.2, 1.15, 1.05, 1.0, 0.8, 0.05, 0.04)  # Monday first
BANK_HOLIDAY_WEIGHT = 0.06
MONTH_WEIGHTS = (1.1, 1.05, 1.1, 0.95, 1.0, 1.0, 0.9, 0.75, 1.1, 1.1, 1.1, 0.8)  # January first
PEAK_WEIGHT = 1.6  # of a topic in its busy months
TREND = {"growing": (0.6, 1.4), "steady": (1.0, 1.0), "shrinking": (1.4, 0.6)}  # weight at the start and the end
HOUR_WEIGHTS = {7: 1, 8: 4, 9: 12, 10: 15, 11: 14, 12: 8, 13: 9, 14: 13, 15: 12, 16: 9, 17: 3, 18: 1, 20: 1}
CATEGORY_WEIGHTS = {  # Parties in 2019-20; a large one asks more often than a small one
    "large_supplier": 28 * 2.5,
    "small_supplier": 137.0,
    "electricity_network": 27 * 1.5,
    "gas_network": 20.0,
    "other": 120 * 0.8,
    "dcc": 8.0,
}
CHANNELS = {"web": 0.42, "email": 0.4, "phone": 0.18}
QUESTION_SHARE = 0.14  # of web enquiries that may be shown to other Parties
ANSWERED_SHARE = 0.985  # the rest wait for ever, as some do
SOLVED_SHARE = 0.97
FOLLOW_UP_SHARE = 0.3
# Median working minutes to a first reply and to a solution, by priority.
FIRST_REPLY = {"urgent": 25, "high": 70, "normal": 170, "low": 330}
SOLUTION = {"urgent": 240, "high": 520, "normal": 900, "low": 1500}
RULE_PRIORITIES = {
    "security_incident": "urgent",
    "supplier_of_last_resort": "urgent",
    "data_breach": "urgent",
    "event_of_default": "high",
    "dcc_incident": "high",
}


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A later message in the thread."""

    from_staff: bool
    body: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Enquiry:
    """One invented enquiry with what became of it. Minutes are working minutes, times are UTC."""

    number: int
    subject: str
    body: str
    topic: str | None
    intent: str
    rule: str | None
    priority: str
    channel: str
    category: str
    opened_at: datetime
    kind: str
    reply: str
    first_response_minutes: int | None
    resolution_minutes: int | None
    replied_at: datetime | None
    solved_at: datetime | None
    is_solved: bool
    follow_ups: tuple[FollowUp, ...] = field(default=())


def generate(n: int, seed: int, start: date, months: int = 12) -> Iterator[Enquiry]:
    """`n` enquiries in the order of their opening, over `months` months from `start`; `seed` decides all of it."""
    random = Random(seed)  # noqa: S311 - invented text, not a secret
    writer = Writer(random)
    calendar = _Calendar(start, round(months * DAYS_IN_MONTH))
    priorities = {topic.slug: topic.priority for topic in texts.topics()}
    days = sorted(random.choices(calendar.days, calendar.weights, k=n))
    moments = sorted(_moment(day, random) for day in days)
    for number, opened_at in enumerate(moments, start=1):
        subject = calendar.subject(opened_at.date(), random)
        yield _enquiry(number, subject, opened_at, calendar.end, priorities, writer, random)


class _Calendar:
    """How busy each day is, and with what."""

    def __init__(self, start: date, length: int) -> None:
        self.days = [start + timedelta(days=number) for number in range(length)]
        self.weights = [_day_weight(day) for day in self.days]
        self.end = datetime.combine(self.days[-1] + timedelta(days=1), time(), UTC)
        self._subjects = texts.intents()
        self._places = {day: place / length for place, day in enumerate(self.days)}
        self._length = length
        self._shares: dict[date, list[float]] = {}

    def subject(self, day: date, random: Random) -> Mapping[str, Any]:
        if day not in self._shares:
            self._shares[day] = list(accumulate(self._weight(one, day) for one in self._subjects))
        return random.choices(self._subjects, cum_weights=self._shares[day])[0]

    def _weight(self, subject: Mapping[str, Any], day: date) -> float:
        place = self._places.get(day, 0.0)
        first, last = TREND[subject["trend"]]
        weight = float(subject["weight"]) * (first + (last - first) * place)
        if day.month in subject["peak_months"]:
            weight *= PEAK_WEIGHT
        for burst in subject["bursts"]:
            if 0 <= (place - burst["at"]) * self._length < burst["days"]:
                weight *= burst["factor"]
        return weight


def _enquiry(
    number: int,
    subject: Mapping[str, Any],
    opened_at: datetime,
    end: datetime,
    priorities: Mapping[str, str],
    writer: Writer,
    random: Random,
) -> Enquiry:
    intent = random.choice(subject["intents"])
    weights = [weight * subject["categories"].get(name, 1) for name, weight in CATEGORY_WEIGHTS.items()]
    category = random.choices(list(CATEGORY_WEIGHTS), weights)[0]
    channel = random.choices(list(CHANNELS), list(CHANNELS.values()))[0]
    facts = writer.facts(category, channel, opened_at.date())
    worded = writer.enquiry(intent, intent.get("contexts", subject["contexts"]), facts)
    kind = _kind(channel, subject["topic"], intent["rule"], random)
    priority = _priority(intent["rule"], priorities.get(subject["topic"] or "", "normal"), worded, random)
    first, last = _working_minutes(priority, random)
    replied_at = _within(hours.add_working_minutes(opened_at, first), end, ANSWERED_SHARE, random)
    solved_at = replied_at and _within(hours.add_working_minutes(opened_at, last), end, SOLVED_SHARE, random)
    return Enquiry(
        number=number,
        subject=writer.title(intent, facts) if kind == "question" else worded.subject,
        body=worded.body,
        topic=subject["topic"],
        intent=intent["subject"],
        rule=intent["rule"],
        priority=priority,
        channel=channel,
        category=category,
        opened_at=opened_at,
        kind=kind,
        reply=writer.reply(intent["point"], subject["replies"], facts),
        first_response_minutes=first if replied_at else None,
        resolution_minutes=last if solved_at else None,
        replied_at=replied_at,
        solved_at=solved_at,
        is_solved=solved_at is not None,
        follow_ups=_follow_ups(replied_at, solved_at, writer, facts, random),
    )


def _day_weight(day: date) -> float:
    is_holiday = day.weekday() < hours.SATURDAY and not hours.is_working_day(day)
    weekday = BANK_HOLIDAY_WEIGHT if is_holiday else WEEKDAY_WEIGHTS[day.weekday()]
    return weekday * MONTH_WEIGHTS[day.month - 1]


def _moment(day: date, random: Random) -> datetime:
    hour = random.choices(list(HOUR_WEIGHTS), list(HOUR_WEIGHTS.values()))[0]
    clock = time(hour, random.randrange(60), random.randrange(60))
    return datetime.combine(day, clock, hours.ZONE).astimezone(UTC)


def _priority(rule: str | None, usual: str, worded: Worded, random: Random) -> str:
    """What an agent chose: the topic's priority, raised by a hard rule, by urgent words or by judgement."""
    if rule is not None:
        return RULE_PRIORITIES[rule]
    if worded.is_urgent:
        return "high" if usual in {"low", "normal"} else "urgent"
    if random.random() < 0.05:
        return random.choice(("low", "normal", "high"))
    return usual


def _kind(channel: str, topic: str | None, rule: str | None, random: Random) -> str:
    """Only what every Party may read is asked in the community."""
    is_open = channel == "web" and rule is None and topic not in {None, "default-and-exit", "supplier-of-last-resort"}
    return "question" if is_open and random.random() < QUESTION_SHARE else "ticket"


def _working_minutes(priority: str, random: Random) -> tuple[int, int]:
    """Working minutes to the first reply and to the solution, skewed as waiting times are."""
    first = max(2, round(FIRST_REPLY[priority] * random.lognormvariate(0, 0.8)))
    return first, first + max(1, round(SOLUTION[priority] * random.lognormvariate(0, 0.9)))


def _within(moment: datetime, end: datetime, share: float, random: Random) -> datetime | None:
    """`moment`, unless it lies beyond the year or belongs to the few that never come."""
    return moment if random.random() < share and moment < end else None


def _follow_ups(
    replied_at: datetime | None, solved_at: datetime | None, writer: Writer, facts: Facts, random: Random
) -> tuple[FollowUp, ...]:
    """Sometimes the requester writes back between reply and solution, and sometimes staff answer that."""
    if replied_at is None or solved_at is None or random.random() > FOLLOW_UP_SHARE:
        return ()
    gap = (solved_at - replied_at) / 3
    messages = [FollowUp(from_staff=False, body=writer.sentence("follow_ups", facts), at=replied_at + gap)]
    if random.random() < 0.5:
        body = writer.sentence("agent_follow_ups", facts)
        messages.append(FollowUp(from_staff=True, body=body, at=replied_at + 2 * gap))
    return tuple(messages)
