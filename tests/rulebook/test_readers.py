"""Files of clauses: read, or refused with the row and the reason."""

import gzip
import json
from pathlib import Path

import pytest

from helpdesk.kernel.errors import Invalid
from helpdesk.rulebook.enums import DocumentKind
from helpdesk.rulebook.readers import read_csv, read_passages

ROW = {"DocumentID": 1, "document_title": "Money Rules (AML)", "PassageID": "1.1", "ID": "a", "text": "Jurisdiction"}


def lines(path: Path, *rows: object) -> Path:
    path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows), encoding="utf-8")
    return path


class TestPassages:
    def test_a_short_line_without_a_full_stop_is_a_heading(self, tmp_path: Path) -> None:
        code = read_passages(lines(tmp_path / "a.jsonl", ROW, {**ROW, "PassageID": "1.1.1", "text": "A Person must."}))
        [document] = code.documents
        assert (document.slug, document.short_title) == ("aml", "AML")
        assert [(clause.heading, clause.text) for clause in document.clauses] == [
            ("Jurisdiction", ""),
            ("", "A Person must."),
        ]

    def test_documents_of_one_name_get_addresses_of_their_own(self, tmp_path: Path) -> None:
        code = read_passages(lines(tmp_path / "a.jsonl", ROW, {**ROW, "DocumentID": 2}))
        assert [document.slug for document in code.documents] == ["aml", "aml-2"]

    def test_a_compressed_file_is_read(self, tmp_path: Path) -> None:
        path = tmp_path / "a.jsonl.gz"
        path.write_bytes(gzip.compress(json.dumps(ROW).encode()))
        assert len(read_passages(path).documents) == 1

    @pytest.mark.parametrize(
        ("bad", "sentence"),
        [
            ("{", "Row 2 is not JSON"),
            ("[]", "Row 2 is not a JSON object"),
            ({**ROW, "PassageID": ""}, "Row 2 has no PassageID"),
            ({"text": "x"}, "Row 2 has no DocumentID"),
            ({**ROW, "text": ["x"]}, "Row 2: text is not a text"),
            ({**ROW, "PassageID": "1" * 201}, "Row 2: PassageID is longer than 200"),
        ],
    )
    def test_a_bad_row_is_named(self, tmp_path: Path, bad: object, sentence: str) -> None:
        with pytest.raises(Invalid, match=sentence):
            read_passages(lines(tmp_path / "a.jsonl", ROW, bad))

    def test_a_file_cut_short_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "a.jsonl.gz"
        path.write_bytes(gzip.compress((json.dumps(ROW) + "\n").encode() * 500)[:-20])
        with pytest.raises(Invalid, match="cannot be read after row"):
            read_passages(path)

    def test_an_empty_file_and_a_picture_are_refused(self, tmp_path: Path) -> None:
        with pytest.raises(Invalid, match="holds no clauses"):
            read_passages(lines(tmp_path / "a.jsonl"))
        (tmp_path / "b.jsonl").write_bytes(b"\x89PNG\xff\xfe")
        with pytest.raises(Invalid, match="cannot be read"):
            read_passages(tmp_path / "b.jsonl")

    def test_the_forty_rulebooks_are_read_whole(self, data: Path) -> None:
        code = read_passages(data / "obliqa" / "passages.jsonl.gz")
        assert len(code.documents) == 40
        assert sum(len(document.clauses) for document in code.documents) == 13_732
        assert len({document.slug for document in code.documents}) == 40


def folder(path: Path) -> Path:
    (path / "sections.csv").write_text(
        "section,title,subsections,applies_to,status\n"
        'G,Security,"G2 obligations (title unverified); G7 Security Sub-Committee (see; G7.1)",All Users,verified\n'
        "O,,,,existence unverified\n"
    )
    (path / "appendices_schedules.csv").write_text(
        "kind,id,title,status\n"
        "Appendix,C,SMKI Compliance Policy,unverified\n"
        "Schedule,5,Accession Information,verified\n"
    )
    (path / "known_clauses.csv").write_text("clause,about\nG7.16,Security Controls Framework\n")
    (path / "glossary.csv").write_text("term,meaning\nParty,A body that acceded\n")
    return path


class TestCsv:
    def test_sections_schedules_and_appendices_stand_in_the_order_of_the_code(self, tmp_path: Path) -> None:
        [code] = read_csv(folder(tmp_path), "Smart Energy Code").documents
        assert (code.kind, code.short_title) == (DocumentKind.SECTION_SET, "SEC")
        assert [clause.number for clause in code.clauses] == [
            *("Section G", "G2", "G7", "G7.16", "Section O", "Schedule 5", "Appendix C"),
        ]

    def test_what_is_only_remembered_is_not_verified(self, tmp_path: Path) -> None:
        [code] = read_csv(folder(tmp_path), "Smart Energy Code").documents
        clauses = {clause.number: clause for clause in code.clauses}
        assert [number for number, clause in clauses.items() if not clause.is_verified] == [
            *("G2", "Section O", "Appendix C"),
        ]
        assert (clauses["G2"].heading, clauses["G2"].text) == ("", "obligations")
        assert clauses["G7"].heading == "Security Sub-Committee"

    def test_a_missing_file_column_or_number_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(Invalid, match="--title"):
            read_csv(tmp_path, "")
        with pytest.raises(Invalid, match=r"sections\.csv cannot be opened"):
            read_csv(tmp_path, "Code")
        folder(tmp_path)
        (tmp_path / "known_clauses.csv").write_text("clause,about\nG1.1,ok\nQQ9,?\n")
        with pytest.raises(Invalid, match="Row 3: “QQ9”"):
            read_csv(tmp_path, "Code")
        (tmp_path / "known_clauses.csv").write_text("clause\nG1.1\n")
        with pytest.raises(Invalid, match="no column about"):
            read_csv(tmp_path, "Code")
        (tmp_path / "known_clauses.csv").write_text("clause,about\nG1.1,a,b\n")
        with pytest.raises(Invalid, match="another number of columns"):
            read_csv(tmp_path, "Code")

    def test_the_public_facts_are_read(self, data: Path) -> None:
        code = read_csv(data / "sec-public", "Smart Energy Code")
        assert len(code.terms) == 131
        assert {"Section A", "G4.2(b)", "Appendix AM", "Schedule 11"} <= {
            clause.number for clause in code.documents[0].clauses
        }
