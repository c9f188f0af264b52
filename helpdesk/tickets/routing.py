"""Hard rules that stand above any model: what must reach a restricted queue, and what belongs to another desk.

A text is read sentence by sentence. A sentence triggers a rule when it *reports*: it names the matter ("security
incident") and says that it happened (a perfect tense, a time, "we wish to report", a bare title), or it tells the event
itself ("our private key has been stolen"). Questions about a matter ("What is an Event of Default?"), suppositions ("if
a supplier fails") and denials ("there was no breach") do not trigger it, unless they say when it happened. In doubt
the rule wins: a restricted queue can answer a question too, but a public page cannot be unread.

Choices: a late or missed payment by itself is for Finance, since only the notices that follow make it an Event of
Default; a text that fits two restricted rules goes by the order of `RULES`; questions about planned DCC maintenance are
handed over like incidents, because only the DCC Service Desk knows.
"""

import re
from dataclasses import dataclass

from helpdesk.tickets.enums import QueueSlug

HAND_OVER = (
    "Service queries and incidents of the DCC are dealt with by the DCC Service Desk, not by this helpdesk "
    "(Section H8.19). Please raise it there in this order: first in the DCC's Self-Service Interface; if you cannot, "
    "by e-mail to the DCC Service Desk; if that fails too, by telephone. Your ticket stays open here until an agent "
    "has checked that nothing else in it is for us."
)


@dataclass(frozen=True, slots=True)
class Rule:
    """A hard rule. One with a `queue` is restricted; one with a `hand_over` sends the matter to another desk."""

    name: str
    label: str
    subject: re.Pattern[str]  # names the matter; a report only together with words that say it happened
    event: re.Pattern[str]  # tells the event itself
    queue: QueueSlug | None = None
    hand_over: str = ""

    @property
    def is_restricted(self) -> bool:
        return self.queue is not None

    @property
    def refusal(self) -> str:
        """Why a restricted matter does not become a community question, and what to do instead."""
        return (
            f"This reads like a report of {self.label}. It must not be posted to the community: send it to the "
            "helpdesk instead, where only the named members of a restricted team will read it."
        )


def match(text: str) -> Rule | None:
    """The first rule that some sentence of `text` triggers. Subject and body are given as separate lines."""
    if not _HINT.search(text):
        return None
    sentences = _sentences(text)
    return next((rule for rule in RULES if any(_triggers(rule, one) for one in sentences)), None)


def refusal(text: str) -> str:
    """Why `text` may not be published to the community, or nothing when it may."""
    rule = match(text)
    return rule.refusal if rule and rule.is_restricted else ""


def by_name(name: str) -> Rule | None:
    return next((rule for rule in RULES if rule.name == name), None)


def _pattern(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{one})" for one in alternatives), re.IGNORECASE)


def _sentences(text: str) -> list[str]:
    plain = re.sub(r"<[^<>]{0,200}>", " ", text).replace("’", "'")
    return [" ".join(one.split()) for one in re.split(r"(?<=[.!?;:])\s+|\n+", plain) if one.strip()]


def _triggers(rule: Rule, sentence: str) -> bool:
    has_time = _TIME.search(sentence) is not None
    if not has_time and (_DENIAL.search(sentence) or _SUPPOSITION.search(sentence)):
        return False
    if rule.event.search(sentence):
        return True
    if not rule.subject.search(_COMPOUND.sub(" ", sentence)):
        return False
    if has_time or _HAPPENED.search(sentence):
        return True
    return not _QUESTION.search(sentence) and bool(_REPORTING.search(sentence) or _is_title(rule, sentence))


def _is_title(rule: Rule, sentence: str) -> bool:
    """Whether a short line without a verb names the matter, as in "Security incident at our Leeds site"."""
    found = rule.subject.search(sentence)
    starts = found is not None and found.start() <= TITLE_LEAD
    return starts and len(sentence) <= TITLE_LENGTH and not _VERB.search(sentence)


TITLE_LEAD = 24  # characters before the matter: "URGENT: possible "
TITLE_LENGTH = 90  # characters of a line that can still be a title

# A matter within the name of a procedure, paper or course is not a report of it.
_COMPOUND = _pattern(
    r"(?:(?:security|data|privacy|dcc|personal) )*(?:incident|breach|default|last resort|solr|outage"
    r"|vulnerability)s? "
    r"(?:management|report(?:ing)?s? (?:form|process|procedure|template|duty|duties|requirement|obligation)s?"
    r"|reporting"
    r"|response|handling|notification (?:form|process|procedure|template|duty)|process|procedure|polic(?:y|ies)|plan"
    r"|form|template|guidance|guide|training|exercise|definition|threshold|register|levy|direction process|statistics"
    r"|categor(?:y|ies)|webinar|session|scanning|assessment)s?"
)
_TIME = _pattern(
    r"\b(?:yesterday|overnight|last night|last (?:week|weekend|month|monday|tuesday|wednesday|thursday|friday)"
    r"|this (?:morning|afternoon|evening|week|weekend)|earlier today|just now|(?:an?|two|three|few) (?:hours?"
    r"|days?) ago"
    r"|(?:since|at|around|until) \d{1,2}(?:[:.]\d\d)? ?(?:am|pm)|(?:since|at) \d{1,2}[:.]\d\d"
    r"|on (?:monday|tuesday|wednesday|thursday|friday|saturday|sunday)|with immediate effect)\b",
)
_HAPPENED = _pattern(
    r"\b(?:we|i|they|it|our \w+|supplier|party|company|somebody|someone)(?: (?:may|might|must|could|probably))?"
    r"(?:'ve| have| has| had)?(?: just| now| also| already| recently| unfortunately)?"
    r" (?:suffered|discovered|detected|identified|found|experienced|noticed|spotted|committed|triggered"
    r"|caused|received"
    r"|uncovered|become aware of|became aware of|been appointed|been made aware of|been notified of|been hit by"
    r"|been affected by|been the victim of|had|having|dealing with|investigating|suspect|suspecting)\b",
    r"\b(?:we|i)(?:'ve| have| had| are|'re|'m| am) (?:(?:just|now|currently|also) )?"
    r"(?:had|an?|dealing with|investigating|experiencing|suffering|in the middle of|seeing|appointed|the appointed) ",
    r"\b(?:we|i) (?:suspect|believe|think|fear) (?:that )?(?:there|we|this|our|an?|it)\b",
    r"\b(?:has|have) (?:\w+ )?(?:occurred|happened|taken place|arisen|been (?:identified|discovered|detected"
    r"|found|committed"
    r"|confirmed|caused|triggered|reported to us))\b",
    r"\b(?:occurred|happened|took place) (?:at|in|on|within|when|during|after|to)\b",
    r"\b(?:is|are) (?:now |still )?(?:ongoing|under way|in progress|unfolding)\b",
    r"\bthere (?:was|were|has been|have been|is) an? (?:\w+ ){0,2}(?:security|data|personal|privacy|event"
    r"|suspected|breach"
    r"|incident|solr)\b",
)
_REPORTING = _pattern(
    r"\b(?:report|reporting|notify|notifying|notice|notification|inform|informing|alert|alerting|declare"
    r"|declaring|raise"
    r"|raising|disclose|disclosing|record|log)\b.{0,50}\b(?:an?|our|this|one|possible|potential|suspected|of)\b",
    r"\b(?:this|it|which) (?:is|was|looks like|may be|might be|could be|constitutes|amounts to) an?\b",
    r"\b(?:suspected|possible|potential|urgent|confirmed|serious|major|ongoing)\b.{0,12}\b(?:incident|breach"
    r"|default|solr"
    r"|vulnerability|compromise|outage)",
)
_QUESTION = _pattern(
    r"^(?:(?:please )?(?:explain|describe|advise|clarify|confirm|tell (?:me|us))|what|how|which|where|who"
    r"|whom|whose|why|when"
    r"|does|do|did|is|are|can|could|should|must|may|would|will|under|has|have|am|were|was)\b",
    r"\b(?:what is|what are|what counts|what happens|what must|what do|how do|how to|how should|how long"
    r"|how soon|how quickly"
    r"|whether|definition of|meaning of|means|difference between|wondering|question about|questions about"
    r"|interested in"
    r"|would like to (?:know|understand|learn)|want to (?:know|understand|learn)|trying to understand|guidance on"
    r"|guidance about|training on|slides|presentation|article|draft(?:ing)?)\b",
)
_SUPPOSITION = _pattern(
    r"\b(?:if|unless|in case|in the event|in the case of|suppose|supposing|imagine|hypothetically|for example"
    r"|what would|what happens when|should (?:an?|we|our|the) \w+|were to|whenever|each time|every time|once an?)\b",
    r"^when (?:an?|our|the|we|does|do|should|must|will|is) ",
    r"\bwhen (?:an?|any) ",
    r"\b(?:test|dry|table-?top|desktop) (?:exercise|run|scenario)|\bscenario\b|\bsimulat",
)
_DENIAL = _pattern(
    r"\b(?:no|not an?|not any|never an?|without an?|without any|neither|isn't an?|wasn't an?|any) (?:\w+ ){0,2}"
    r"(?:(?:security |data |personal data |privacy )?(?:incident|breach)s?|events? of default|outage|compromise"
    r"|vulnerabilit(?:y|ies))\b",
    r"\b(?:have|has) (?:not|never) (?:had|been|suffered|experienced)\b",
)
_VERB = _pattern(
    r"\b(?:is|are|was|were|do|does|did|can|could|should|must|shall|may|will|would|need|means?|says?|apply|applies)\b"
)

_DATA = (
    r"(?:personal (?:data|information|details)|(?:customers?'?|consumers?'?|staff|employees?'?)(?: personal)? "
    r"(?:data|details|records|names|addresses|information|consumption data)|consumption data|special category data)"
)
_LOSS = (
    r"(?:lost|stolen|leaked|disclosed|exposed|sent|emailed|e-mailed|published|shared|uploaded|accessed"
    r"|released|mislaid)"
)
_WRONGLY = (
    r"(?:to the wrong|to another (?:customer|supplier|party)|by mistake|in error|by accident|accidentally"
    r"|mistakenly|wrongly"
    r"|to someone else|without authori[sz]ation|without permission|unlawfully|publicly|on a public)"
)
_KEY = (
    r"(?:private keys?|secret keys?|signing keys?|smki keys?|key material|cryptographic credentials"
    r"|credentials|certificates?)"
)
_NOTICE = r"(?:J2\.1|J3\.14|M8\.\d)(?:\(\w+\))*"  # notices of charges or credit cover not paid, and of their effect
# "We read" may stand in a question: "May we read", "Can we read".
_READING = (
    r"(?<!may )(?<!can )(?<!could )(?<!should )(?<!do )\b(?:we|our \w+) (?:have |had )?"
    r"(?:read|collected|retrieved|accessed|obtained)"
)
_USAGE = r"(?:consumption )?(?:data|readings) (?:of|from) (?:\w+ ){0,2}(?:customers|consumers)"

RULES: tuple[Rule, ...] = (
    Rule(
        name="security_incident",
        label="a security incident",
        queue=QueueSlug.SECURITY_INCIDENTS,
        subject=_pattern(
            r"\b(?:cyber |major |information )?security (?:incident|breach|compromise|event)s?\b",
            r"\bcyber[- ]?(?:attack|incident)s?\b",
            r"\bransomware\b|\bmalware\b|\bphishing attack\b|\bdata exfiltration\b",
            r"\b(?:material |serious |critical |unpatched |zero[- ]day )?security vulnerabilit(?:y|ies)\b",
            rf"\bcompromised? (?:of )?(?:our |the |a |its )?{_KEY}",
            r"\bkey compromise\b",
            r"\bvulnerabilit(?:y|ies) under (?:section )?G[23]\b",  # their duties to notify: G2.11, G3.18
        ),
        event=_pattern(
            rf"\b{_KEY} (?:(?:has|have|had|may have|might have|could have) (?:\w+ )?been|was|were|is|are"
            r"|(?:may|might|could) be) (?:\w+ )?"
            r"(?:compromised|stolen|lost|leaked|exposed|copied|published)\b",
            r"\b(?:we|our \w+|our \w+ \w+|systems?|network|servers?|website|head-?end) (?:(?:has|have|had"
            r"|may have|might have"
            r"|'ve) (?:\w+ )?been|was|were|got) (?:\w+ )?(?:hacked|breached|hijacked|infected|attacked"
            r"|compromised|encrypted by)\b",
            r"\b(?:hackers?|attackers?|intruders?|someone|somebody|an unauthori[sz]ed (?:person|user|party))"
            r"(?: (?:has|have|had|may have))? (?:\w+ )?"
            r"(?:broke|broken|got|gained|gotten|logged|hacked|accessed|entered|obtained|stole|stolen)"
            r" (?:\w+ ){0,2}(?:in|into|access|our|system|systems|account|accounts|password|passwords|keys?)\b",
            r"\b(?:found|discovered|detected|noticed|identified|evidence of|seen|saw|suspect)\b.{0,30}"
            r"\b(?:unauthori[sz]ed access|intrusion|malware|ransomware|backdoor|exploit|vulnerability in)\b",
            r"\b(?:clicked|entered (?:his|her|their) password)\b.{0,40}\bphishing\b"
            r"|\bphishing\b.{0,60}\b(?:clicked|entered (?:his|her|their) password|gave away|handed over)\b",
            r"\blaptop\b.{0,60}\b(?:stolen|lost)\b.{0,80}\b(?:keys?|credentials|smki|certificates?)\b",
        ),
    ),
    Rule(
        name="event_of_default",
        label="an Event of Default",
        queue=QueueSlug.DEFAULTS,
        subject=re.compile(
            r"(?i:\bevents? of default\b)|(?<!by )(?<!By )(?<!before )(?<!until )\bEoD\b|(?i:\bdefault notice\b)"
        ),
        event=_pattern(
            r"\b(?:we|company|party|firm|business|supplier|organisation|employer|parent)\b.{0,40}\b(?:has"
            r"|have|are|is|will be)"
            r" (?:\w+ )?(?:gone into|going into|entered(?: into)?|entering|in|gone) "
            r"(?:administration|liquidation|insolvency|receivership|bankrupt)",
            r"\b(?:administrators?|liquidators?|receivers?) (?:\w+ )?(?:has|have|had|was"
            r"|were) (?:\w+ )?been appointed\b"
            r"|\b(?:administrators?|liquidators?|receivers?) (?:was|were) appointed (?:over|to|for|by)\b"
            # On a day: unless it is the person who looks after a Party's accounts here.
            r"|(?<!party )(?<!party's )(?<!system )(?<!new )\b(?:administrators?|liquidators?|receivers?) (?:was|were)"
            r" appointed (?:on|last|this|yesterday|today)\b",
            rf"\b(?:received|got|had|been (?:sent|given|served)) .{{0,20}}"
            rf"\b(?:{_NOTICE} notice|notice under {_NOTICE})",
            rf"{_READING} (?:the )?(?:\w+ )?{_USAGE}\b.{{0,40}}\bwithout (?:valid |their |the )*consent\b",
            r"\b(?:we|party|company|supplier) (?:\w+ )?(?:are|is|have become|has become) (?:\w+ )?"
            r"(?:insolvent|unable to pay (?:our|its) debts|bankrupt)\b",
            r"\bwinding[- ]up (?:petition|order) (?:has|have|was|is)\b",
            r"\b(?:we|party|company|supplier) (?:\w+ )?(?:have|has|are|is) (?:\w+ )?in (?:material breach"
            r"|default under)\b",
        ),
    ),
    Rule(
        name="supplier_of_last_resort",
        label="a Supplier of Last Resort event",
        queue=QueueSlug.DEFAULTS,
        subject=_pattern(r"\bsuppliers? of last resort\b", r"\bsolr\b"),
        event=_pattern(
            r"\b(?:we|i|us|ofgem has|ofgem|authority has|authority)\b.{0,30}\b(?:have been|has been|were|was"
            r"|are|appointed|named)"
            r" .{0,30}\b(?:supplier of last resort|solr)\b",
            r"\b(?:supplier|we|company)\b.{0,40}\b(?:has|have|is|are|will be)(?: \w+)? "
            r"(?:ceased|ceasing|stopped|stopping)(?: to)? (?:trade|trading|supply|supplying)\b",
            r"\b(?:supplier|we|energy company)\b.{0,40}\b(?:has|have)(?: \w+)? (?:collapsed|gone bust"
            r"|failed financially|exited the market)\b",
            r"\b(?:supply )?licen[cs]e (?:has|have) been revoked\b",
            # Without an object: a supplier that has failed its assessment trades on.
            r"\bsuppliers? (?:\w+ )?(?:has|have)(?: \w+)? failed(?= *(?:[.,;:!?]|and\b|so\b|but\b|$))",
            r"\b(?:solr|last resort) (?:event|process|case) (?:now )?"
            r"(?:begins|began|starts|started|has (?:begun|started))\b",
        ),
    ),
    Rule(
        name="data_breach",
        label="a personal-data breach",
        queue=QueueSlug.DATA_PROTECTION,
        subject=_pattern(
            r"\b(?:personal[- ])?data breach(?:es)?\b",
            r"\bprivacy breach(?:es)?\b",
            r"\bbreach(?:es)? of (?:personal data|privacy|confidentiality of personal|customers?' data"
            r"|the uk gdpr|uk gdpr|gdpr"
            r"|data protection)\b",
            r"\b(?:gdpr|data protection) breach(?:es)?\b",
        ),
        event=_pattern(
            rf"\b{_DATA}\b.{{0,60}}\b(?:has|have|had|was|were|may have|might have|got)(?: been)?(?: \w+)? {_LOSS}\b",
            rf"\b{_LOSS}\b.{{0,80}}\b{_DATA}\b.{{0,60}}\b{_WRONGLY}",
            rf"\b{_WRONGLY}\b.{{0,20}}\b{_LOSS}\b.{{0,80}}\b{_DATA}\b",
            rf"\b{_DATA} (?:went|was sent|were sent|has gone) (?:out )?to (?:the|a|an) wrong\b",
            rf"\b(?:stick|laptop|phone|tablet|disk|drive|folder|file|letter)s? (?:with|of|holding) {_DATA}"
            r" (?:is|are|was|were|went|has been) (?:lost|missing|stolen|mislaid)\b",
            rf"\b(?:we|i|somebody|someone|colleague|employee|agent)\b.{{0,20}}\b(?:lost|leaked|exposed"
            rf"|mislaid)\b.{{0,60}}\b{_DATA}\b",
        ),
    ),
    Rule(
        name="dcc_incident",
        label="a DCC service incident",
        hand_over=HAND_OVER,
        subject=_pattern(
            r"\bdcc(?:'s)?(?: data| service| systems?| user)? (?:outage|service incident|incident"
            r"|service interruption"
            r"|interruption|downtime|service failure)s?\b",
            r"\b(?:outage|incident|interruption)s? (?:at|of|with|in|on) (?:the )?dcc\b",
        ),
        event=_pattern(
            r"\b(?:dcc(?:'s)?(?: \w+){0,2}|ssi|self[- ]service interface|duis|dcc (?:gateway|portal)|data services?"
            r"|communications? service)(?: (?:is|are|was|were|has been|have been|seems?|appears?|keeps?|went|goes))"
            r"(?: \w+){0,2} (?:down|offline|unavailable|unreachable|not (?:responding|available|working|answering)"
            r"|out of service|timing out|failing|very slow|slow|degraded|broken|intermittent)\b",
            r"\b(?:is|are) (?:the )?(?:dcc(?: \w+){0,2}|ssi|self[- ]service interface) (?:\w+ )?(?:down"
            r"|offline|unavailable|slow)\b",
            r"\bservice requests?\b.{0,50}\b(?:timing out|time out|timed out|not (?:been )?(?:answered"
            r"|answering|acknowledged)"
            r"|no (?:response|acknowledgement)|failing since|all failing|unanswered|queued|stuck)\b",
            r"\bno (?:response|reply|acknowledgement)s?\b.{0,30}\bfrom (?:the )?dcc\b",
            r"\b(?:cannot|can't|unable to|could not|couldn't) (?:\w+ ){0,3}(?:reach|connect to|log in(?:to"
            r"| to)|access|get (?:in)?to)"
            r" (?:the )?(?:dcc(?! service desk)|ssi|self[- ]service interface)\b",
            r"\b(?:planned|scheduled|emergency) (?:dcc )?maintenance\b.{0,40}\b(?:dcc|ssi|self[- ]service)\b"
            r"|\bdcc(?:'s)?(?: \w+)? (?:planned |scheduled |emergency )?maintenance\b",
        ),
    ),
)

# Most texts hold none of these words: they are let through without being taken apart.
_HINT = _pattern(
    r"incident|breach|attack|hack|access|malware|ransomware|phishing|vulnerab|compromis|exfiltrat"
    r"|unauthori[sz]ed|intru|exploit",
    r"backdoor|infect|\bkeys?\b|credential|certificate|broke[n]? in|logged in|got in|stole|encrypted by",
    r"default|EoD|administrat|liquidat|receiver|insolven|bankrupt|winding|unable to pay|\bnotice\b",
    r"last resort|solr|(?:has|have)(?: \w+)? failed|ceas|stopp|collapsed|gone bust|exited|failed financially|revoked",
    r"personal|customer|consumer|employee|staff|consumption data|special category",
    r"\bdcc|\bssi\b|self[- ]service|duis|data service|communications? service|service requests?",
)
