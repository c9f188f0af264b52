"""`bench --items` on a small scale: the figures are the machine's, what they are of is not."""

import json

import pytest

SUBJECTS = ("credit cover", "meter readings", "the prepayment top-up", "our certificate", "the change board")


@pytest.mark.slow
@pytest.mark.usefixtures("own_encoder")
def test_a_filled_site_is_measured_with_the_encoder_of_its_own(app, tmp_path) -> None:
    texts = tmp_path / "texts.jsonl"
    lines = [f"How long does the helpdesk take over {one} in week {week}" for one in SUBJECTS for week in range(6)]
    texts.write_text("".join(json.dumps({"text": line}) + "\n" for line in lines), encoding="utf-8")

    arguments = ["bench", "--items", "80", "--texts", str(texts), "--requests", "20", "--json"]
    result = app.test_cli_runner().invoke(args=arguments)

    assert result.exit_code == 0, result.output
    figures = json.loads(result.stdout.splitlines()[-1])
    assert figures["items"] == 80
    assert figures["recall@10"] >= 0.97
    assert all(figures[name] > 0 for name in ("p50_ms", "resident_mb", "cold_start_s", "new_item_s"))


def test_without_texts_there_is_nothing_to_measure(app) -> None:
    result = app.test_cli_runner().invoke(args=["bench", "--items", "80"])

    assert result.exit_code == 1
    assert "--texts" in result.output
