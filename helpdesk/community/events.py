"""What happens in the community."""

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
    actor_id: int | None


@dataclass(frozen=True)
class DuplicateMarked(Event):
    """Staff said that `question_id` asks what `original_id` asked; none when they took it back."""

    question_id: int
    original_id: int | None


@dataclass(frozen=True)
class CommentPosted(Event):
    question_id: int
    comment_id: int
