"""A small Stack Exchange dump, written by the tests themselves."""

import gzip
from pathlib import Path
from xml.sax.saxutils import quoteattr

Rows = list[dict[str, str]]

WHEN = "2015-03-04T05:06:07.890"
LATER = "2016-01-01T00:00:00.000"


def tables() -> dict[str, Rows]:
    """Two questions, one the duplicate of the other; answers, a comment, votes, and things that lead nowhere."""
    return {
        "Users": [
            {"Id": "-1", "DisplayName": "Community", "CreationDate": WHEN},
            {"Id": "1", "DisplayName": "Ada <b>", "CreationDate": WHEN},
            {"Id": "2", "DisplayName": "Zoë", "CreationDate": WHEN},
        ],
        "Tags": [{"Id": "1", "TagName": "hops"}, {"Id": "2", "TagName": "unused"}],
        "Posts": [
            {
                "Id": "10",
                "PostTypeId": "1",
                "AcceptedAnswerId": "11",
                "Title": "How long do hops keep?",
                "Body": "<p>We have <i>old</i> hops.</p>",
                "Tags": "<hops><age>",
                "OwnerUserId": "1",
                "Score": "5",
                "CreationDate": WHEN,
                "LastActivityDate": LATER,
                "ViewCount": "99",
            },
            {
                "Id": "11",
                "PostTypeId": "2",
                "ParentId": "10",
                "Body": "<p>A year.</p>",
                "OwnerUserId": "2",
                "CreationDate": LATER,
                "Score": "3",
            },
            {
                "Id": "12",
                "PostTypeId": "1",
                "Title": "Are my hops too old?",
                "Body": "<p>See title</p>",
                "Tags": "|hops|",
                "OwnerDisplayName": "gone42",
                "CreationDate": LATER,
                "ClosedDate": LATER,
            },
            {"Id": "13", "PostTypeId": "2", "ParentId": "999", "Body": "<p>Lost</p>", "CreationDate": LATER},
            {"Id": "14", "PostTypeId": "5", "Body": "What hops are", "CreationDate": LATER},
        ],
        "Comments": [
            {"Id": "1", "PostId": "11", "Text": "Thanks!", "UserId": "1", "Score": "2", "CreationDate": LATER},
            {"Id": "2", "PostId": "999", "Text": "Lost", "CreationDate": LATER},
        ],
        "Votes": [
            {"Id": "1", "PostId": "10", "VoteTypeId": "2", "CreationDate": LATER},
            {"Id": "2", "PostId": "11", "VoteTypeId": "1", "CreationDate": LATER},
            {"Id": "3", "PostId": "10", "VoteTypeId": "5", "UserId": "2", "CreationDate": LATER},
            {"Id": "4", "PostId": "999", "VoteTypeId": "3", "CreationDate": LATER},
            {"Id": "5", "PostId": "11", "VoteTypeId": "77", "CreationDate": LATER},
        ],
        "PostLinks": [
            {"Id": "1", "PostId": "12", "RelatedPostId": "10", "LinkTypeId": "3", "CreationDate": LATER},
            {"Id": "2", "PostId": "12", "RelatedPostId": "999", "LinkTypeId": "1", "CreationDate": LATER},
        ],
    }


def write(folder: Path, content: dict[str, Rows]) -> Path:
    """The files of a dump: the posts compressed, the rest plain, as both occur."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in content.items():
        lines = "".join(f"<row {' '.join(f'{key}={quoteattr(row[key])}' for key in row)} />\r\n" for row in rows)
        text = f'\ufeff<?xml version="1.0" encoding="utf-8"?>\r\n<{name.lower()}>\r\n{lines}</{name.lower()}>'
        if name == "Posts":
            (folder / f"{name}.xml.gz").write_bytes(gzip.compress(text.encode()))
        else:
            (folder / f"{name}.xml").write_bytes(text.encode())
    return folder
