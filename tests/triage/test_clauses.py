"""`eval retrieval` asks as the pages do."""

import json
from pathlib import Path

import pytest

from helpdesk.nlp.confidence import Confidence
from helpdesk.nlp.evaluation.searching import Question
from helpdesk.nlp.ranking import Ranker
from helpdesk.triage.commands import clauses
from tests.factories.triage import CountingEncoder

TEXTS = (
    "How much credit cover a party lodges with its bank",
    "Who may join a Panel meeting and read its papers",
    "Why a meter did not answer the service request",
)


@pytest.mark.usefixtures("app")
def test_typing_errors_are_mended_for_words_and_for_meaning(tmp_path: Path) -> None:
    rows = [{"DocumentID": 1, "PassageID": str(at), "text": text} for at, text in enumerate(TEXTS)]
    passages = tmp_path / "passages.jsonl"
    passages.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    asked = [Question("the papres", [("1", "1")]), Question("the crdeit", [("1", "0")])]
    encoder = CountingEncoder()

    found = clauses.retrieval(passages, asked, [], [], None, "", encoder, Ranker(), Confidence({}))

    assert found["map@10"] == 1
    assert {"the papers", "the credit"} <= set(encoder.asked)
