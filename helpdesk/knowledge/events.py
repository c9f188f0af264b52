"""What happens to published answers and articles."""

from dataclasses import dataclass

from helpdesk.kernel.events import Event


@dataclass(frozen=True)
class AnswerPublished(Event):
    answer_id: int
