"""The written forms of citations, as regular expressions that never look further than a few words."""

import re

LETTER = r"[A-OTXZ]"  # The Sections that exist.
ITEM = r"(?-i:\((?:[a-z]{1,2}|[ivxlc]{3,7})\))"
END = r"(?!\w)(?!\.\d)"  # A full stop may end the sentence; a point with a digit is a longer number.
GAP = r"\s{1,3}"

CLAUSE = re.compile(
    rf"(?:(?P<letter>(?-i:{LETTER}))(?P<gap>\s?)|(?P<small>{LETTER}))"
    rf"(?P<number>\d{{1,2}}[A-Z]?(?:\.\d{{1,3}}[A-Z]?)?)"
    rf"(?P<items>(?:\s?{ITEM}){{0,4}}){END}",
    re.IGNORECASE,
)
"""A clause or subsection after a keyword: case and a space after the letter are forgiven."""

BARE = re.compile(rf"(?P<letter>{LETTER})(?P<number>\d{{1,2}}[A-Z]?\.\d{{1,3}}[A-Z]?)(?P<items>{ITEM}{{0,4}}){END}")
"""A clause that needs no keyword: upper case, with a point."""

SPACED = re.compile(
    rf"(?P<letter>{LETTER})\s(?P<number>\d{{1,2}}[A-Z]?\.\d{{1,3}}[A-Z]?)(?P<items>{ITEM}{{0,4}})"
    rf"(?={GAP}(?:(?:in|of){GAP}the{GAP}SEC|of{GAP}the{GAP}Code)\b)"
)
"""`G 8.34 in the SEC`."""

WHOLE = re.compile(rf"(?P<letter>{LETTER})(?!\w)(?!\.\w)(?!-\w)")
"""The letter of a whole Section."""

NUMBER = r"\d{1,2}[A-Z]?(?:\.\d{1,3}[A-Z]?){0,4}"
POINTED = r"\d{1,2}[A-Z]?(?:\.\d{1,3}[A-Z]?){1,4}"
PART_WORD = r"(?:sections?|clauses?|paragraphs?|paras?\.?)"

APPENDIX = re.compile(r"(?P<name>A[A-Z]|[A-Z])(?!\w)(?!\.\w)(?!-\w)")
SCHEDULE = re.compile(rf"(?P<name>\d{{1,2}}){END}(?![:%])(?!\s?(?:am|pm|AM|PM)\b)")
PART = re.compile(
    rf"(?:,?\s{{1,3}}{PART_WORD}\s{{1,3}}(?P<number>{NUMBER})|\s{{1,3}}(?P<pointed>{POINTED}))"
    rf"(?P<items>(?:\s?{ITEM}){{0,4}}){END}",
    re.IGNORECASE,
)
"""What follows the name of an Appendix or Schedule: any number after a word, else one with a point."""

NEXT_PART = re.compile(rf"(?P<pointed>{POINTED})(?P<items>(?:\s?{ITEM}){{0,4}}){END}")
ITEMS = re.compile(rf"(?P<items>{ITEM}(?:\s?{ITEM}){{0,3}})(?!\w)")

SEPARATOR = re.compile(
    rf"\s{{0,3}}(?:,\s{{0,3}}(?:(?:and|or){GAP})?|&\s{{0,3}}|/\s{{0,3}})|{GAP}(?:and|or){GAP}",
    re.IGNORECASE,
)
RANGE = re.compile(rf"(?:{GAP}to{GAP}|\s{{0,3}}[-‐‑–—]\s{{0,3}})(?:{PART_WORD}{GAP})?", re.IGNORECASE)

OF_PART = re.compile(
    rf"{GAP}(?P<number>{NUMBER})?(?P<items>(?:\s?{ITEM}){{0,4}})(?P<more>(?:{SEPARATOR.pattern}"
    rf"{ITEM}){{0,6}}){GAP}(?:of|in|to|under){GAP}(?:the{GAP})?(?:SEC{GAP})?(?=\w)",
    re.IGNORECASE,
)
"""`(b) and (c) of` or `6.2 of SEC`, between the word paragraph and what it is a paragraph of."""

MODIFICATION = re.compile(
    r"(?:\((?:SECMP)\)|SECMP)[\s-]?(?P<secmp>\d{4})(?!\w)(?!\.\d)"
    r"|(?:\((?P<short>DP|MP)\)|(?P<plain>DP|MP))[\s-]?(?P<three>\d{3})(?!\w)(?!\.\d)"
    r"|(?P<issue>(?-i:SEC)\d{4})(?!\w)(?!\.\d)",
    re.IGNORECASE,
)

START = re.compile(
    rf"(?<![\w@#.\\-])(?P<keyword>(?:SEC{GAP})?(?:(?P<section>sections?|sec\.)|{PART_WORD}|s\.)|SEC)"
    rf"(?={GAP}\(?\w)"
    rf"|(?<![\w@#.\\-])(?:SEC{GAP})?(?P<appendix>appendix|appendices|app\.)(?={GAP}[A-Z])"
    rf"|(?<![\w@#.\\-])(?:SEC{GAP})?(?P<schedule>schedules?|sch\.)(?={GAP}\d)"
    rf"|(?<!\w)(?P<modification>\(?(?:SECMP|DP|MP|SEC)\)?[\s-]?\d)"
    rf"|(?<![\w@#./\\-])(?P<bare>(?-i:{LETTER})\s?\d{{1,2}}[A-Z]?\.\d)",
    re.IGNORECASE,
)
"""Where a citation may begin; the parts are read from there by the expressions above."""

OTHER_CODE = r"(?:BSC|REC|UNC|DCUSA|CUSC|Grid\s{1,3}Code|TMAD|SCF|PCF)"
BEFORE = re.compile(rf"(?<!\w){OTHER_CODE}(?:['’]s)?(?:{GAP}(?:Part|Chapter|Volume){GAP}\w{{1,4}})?[\s,:–—-]{{0,4}}$")
AFTER = re.compile(
    rf"\s{{0,3}}(?:\([^()]{{0,80}}\)\s{{0,3}})?(?:of|in|to|under|from){GAP}(?:the{GAP})?"
    rf"(?:{OTHER_CODE}\b|(?:[A-Z]\w{{1,30}}(?:{GAP}(?:and|of))?{GAP}){{1,6}}"
    rf"(?:Act|Regulations|Directive)\b"
    rf"|Balancing\b|Retail{GAP}Energy\b|Uniform\b|Distribution{GAP}Connection\b"
    rf"|Connection{GAP}and{GAP}Use\b)"
)
BEFORE_WINDOW = 40  # characters; room for the longest thing that BEFORE matches.

FILE_NAME = re.compile(
    r"\.(?:pdf|docx?|xlsx?|pptx?|csv|txt|html?|xml|json|zip|md|msg|eml|png|jpe?g)(?!\w)", re.IGNORECASE
)
POSTCODE = re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]?\s\d[A-Z]{2}\b")
