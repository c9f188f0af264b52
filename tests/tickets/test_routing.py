"""The hard rules against sentences as people write them."""

import pytest

from helpdesk.tickets import routing

REPORTS = {
    "security_incident": [
        "We need to report a security incident that affects our User Systems.",
        "Security incident at our Leeds data centre",
        "We have had a security breach and believe that credentials were taken.",
        "Our SMKI private key has been compromised.",
        "The private keys for two of our certificates may have been stolen.",
        "We detected ransomware on a server that hosts our DCC adaptor last night.",
        "Hackers got into our head-end.",
        "Our systems were hacked on Friday.",
        "How do we report the security incident that we discovered yesterday?",
        "Somebody has gained access to our SMKI account.",
        "A colleague clicked on a link in a phishing e-mail and entered her password.",
        "We found a vulnerability in the firmware of our communications hubs that lets anyone read keys.",
        "Possible security incident",
        "Please treat as urgent: cyber attack on our network is ongoing.",
        "This is a notification of a security incident under G3.18.",
        "An ARO's laptop was stolen and it held the SMKI credentials.",
        "I want to notify you of a security vulnerability in a device model.",
        "Our website was hacked this morning.",
        "We believe there is unauthorised access: we saw an intrusion in the logs of the gateway.",
        "We have identified a material security vulnerability in our user system",
        "There has been a security incident at one of our service providers",
        "One of our private keys may be compromised.",
        "We need to notify a vulnerability under G2.11.",
    ],
    "event_of_default": [
        "We wish to report an Event of Default.",
        "Event of Default: notice from our Company",
        "An Event of Default has occurred in relation to our Party.",
        "We have received a default notice and cannot meet it.",
        "Our company has gone into administration.",
        "Administrators have been appointed over our business.",
        "We are insolvent and will stop paying.",
        "A winding-up petition has been presented against us.",
        "I am notifying the Panel of an Event of Default under M8.1.",
        "We think we have an EoD because the guarantor failed.",
        "We received a J3.14 notice.",
        "We received a notice under J2.1.",
        "We have been sent a notice under M8.1(c).",
        "An administrator was appointed on 7 August.",
        "We read data of some customers without valid consent.",
    ],
    "supplier_of_last_resort": [
        "We have been appointed Supplier of Last Resort for the customers of a failed supplier.",
        "Ofgem has appointed us as SoLR this morning, what do we do first?",
        "SoLR event: customers of Example Energy",
        "The supplier has ceased trading.",
        "A supplier has failed and SoLR event begins, what do we do",
        "One of the small suppliers has just failed.",
        "The SoLR process has started for our area.",
        "Our supply licence has been revoked.",
        "We are ceasing to trade on Friday.",
        "We were named Supplier of Last Resort yesterday and need certificates.",
        "Notification of a Supplier of Last Resort appointment",
    ],
    "data_breach": [
        "We must report a personal data breach.",
        "Data breach: customer list",
        "Personal data of 300 customers has been disclosed to another supplier.",
        "We emailed customer details to the wrong supplier.",
        "A spreadsheet with consumption data was published on a public site.",
        "Consumer data may have been leaked.",
        "I accidentally sent customers' names to another Party.",
        "We have discovered a GDPR breach in how a display was joined.",
        "A colleague lost a memory stick with personal data.",
        "We think there was a breach of data protection when the file went out last week.",
        "A mail with personal data went to the wrong distribution list.",
        "A memory stick with customer data is lost.",
    ],
    "dcc_incident": [
        "The DCC is down.",
        "The SSI is not responding for any of our users.",
        "Service requests have been timing out since 9am.",
        "We are getting no responses from the DCC.",
        "Is there planned maintenance of DCC systems this weekend?",
        "We cannot log in to the Self-Service Interface.",
        "DCC outage affecting installs",
        "We want to report an incident with the DCC.",
        "DCC systems are very slow today.",
        "Are the DCC's service requests slow?  Our service requests get no response.",
    ],
}

NOT_REPORTS = [
    "We want to book a security assessment.",
    "How early must we apply for a full user security assessment?",
    "What is a security incident?",
    "How do we report a security incident?",
    "Which form is used to report a security incident, and within what time?",
    "What does G3.18 say about notifying security incidents?",
    "Where is the incident reporting form?",
    "What happens if our private key is compromised?",
    "When a private key has been compromised, whom must we tell?",
    "Please explain the duties in Section G on vulnerability management.",
    "We are preparing a security incident response exercise and look for guidance.",
    "Does staff screening apply to contractors?",
    "We have not had a security incident since the last assessment.",
    "There was no security incident in the reporting year.",
    "The assessor asked for our incident management policy: is there a template?",
    "We need a new certificate because our private key expires in June.",
    "How do I rotate our keys?",
    "What is an Event of Default?",
    "When does a late payment become an Event of Default?",
    "What are the consequences of an Event of Default under M8.1?",
    "We missed the payment date of an invoice by two days, how do we pay now?",
    "If a Party goes into administration, what happens to its votes?",
    "Please send the report by EoD.",
    "What is the default value of the update period?",
    "Who is the administrator of the code?",
    "Does the administrator take part in the Panel's meetings?",
    "What must we do as Supplier of Last Resort about prepayment?",
    "What is a SoLR?",
    "A supplier has failed its security assessment, may it stay a User?",
    "What if a supplier has failed?",
    "How does the SoLR process start?",
    "How would keys and certificates be handled if we were appointed Supplier of Last Resort?",
    "Is there guidance about the Supplier of Last Resort process?",
    "Do we need a privacy assessment as an Other User?",
    "What counts as a personal data breach?",
    "How quickly must a data breach be reported?",
    "What would happen if personal data were sent to the wrong supplier?",
    "We need the customer's consent before we read consumption data, is that right?",
    "How should we mark confidential data?",
    "What is the DCC?",
    "How do we become a DCC User?",
    "What does H8.19 say about the DCC Service Desk?",
    "When was the DCC's budget approved?",
    "Which service request reads the tariff?",
    "How is the DCC's performance measured?",
    "Our new address is 12 High Street.",
    "What does a notice under J2.1 mean?",
    "When is a J3.14 notice sent?",
    "If we received a notice under J3.14, how long would we have to pay?",
    "A new administrator was appointed on Tuesday.",
    "Our Party administrator was appointed on 7 August, please give her access.",
    "May we read consumption data of customers without consent?",
    "Could a private key be compromised by a lost card reader?",
    "How do we notify a vulnerability under G2.11?",
    "We have not received a notice of the meeting on 3 June.",
    "What should we do when a memory stick with customer data is lost?",
    "How do I reset my password for the website?",
    "",
    "😀" * 500,
    "a " * 10_000,
]


class TestReports:
    @pytest.mark.parametrize(
        ("name", "sentence"), [(name, sentence) for name, group in REPORTS.items() for sentence in group]
    )
    def test_a_report_is_recognised(self, name: str, sentence: str) -> None:
        found = routing.match(sentence)
        assert found is not None
        assert found.name == name

    def test_a_report_within_a_long_text_is_recognised(self) -> None:
        text = "Hello,\nI have two questions about charging groups.\nAlso, our private key has been stolen.\nThank you"
        found = routing.match(text)
        assert found is not None
        assert found.name == "security_incident"

    def test_html_and_typographic_apostrophes_do_not_hide_a_report(self) -> None:
        assert routing.match("<p>We’ve had a <b>security incident</b>.</p>") is not None

    def test_a_text_that_fits_two_rules_goes_by_their_order(self) -> None:
        text = "We have had a security incident. Personal data has been stolen."
        found = routing.match(text)
        assert found is not None
        assert found.name == "security_incident"


class TestOtherTexts:
    @pytest.mark.parametrize("sentence", NOT_REPORTS)
    def test_a_question_about_the_matter_is_not_a_report(self, sentence: str) -> None:
        assert routing.match(sentence) is None


class TestRules:
    def test_every_rule_either_restricts_or_hands_over(self) -> None:
        for rule in routing.RULES:
            assert rule.is_restricted != bool(rule.hand_over)

    def test_the_hand_over_names_the_order_of_the_code(self) -> None:
        rule = routing.by_name("dcc_incident")
        assert rule is not None
        places = [rule.hand_over.index(word) for word in ("H8.19", "Self-Service Interface", "e-mail", "telephone")]
        assert places == sorted(places)

    def test_an_unknown_name_is_no_rule(self) -> None:
        assert routing.by_name("") is None
