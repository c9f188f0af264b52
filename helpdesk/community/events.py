"""What happens to questions."""

from dataclasses import dataclass

from helpdesk.kernel.events import Event


@dataclass(frozen=True)
class QuestionAsked(Event):
    question_id: int


@dataclass(frozen=True)
class AnswerPosted(Event):
    question_id: int
    answer_id: int


@dataclass(frozen=True)
class AnswerAccepted(Event):
    question_id: int
    answer_id: int
