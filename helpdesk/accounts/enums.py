"""The words of people and organisations."""

from enum import StrEnum


class Category(StrEnum):
    """Party category of the code. A Party's category decides how it votes and what applies to it."""

    LARGE_SUPPLIER = "large_supplier"
    SMALL_SUPPLIER = "small_supplier"
    ELECTRICITY_NETWORK = "electricity_network"
    GAS_NETWORK = "gas_network"
    OTHER = "other"
    DCC = "dcc"

    @property
    def label(self) -> str:
        return CATEGORY_LABELS[self]


CATEGORY_LABELS = {
    Category.LARGE_SUPPLIER: "Large Supplier Party",
    Category.SMALL_SUPPLIER: "Small Supplier Party",
    Category.ELECTRICITY_NETWORK: "Electricity Network Party",
    Category.GAS_NETWORK: "Gas Network Party",
    Category.OTHER: "Other SEC Party",
    Category.DCC: "DCC",
}


class UserRole(StrEnum):
    """User Role of the code: what a Party may ask of the DCC. One Party can hold several."""

    IMPORT_SUPPLIER = "import_supplier"
    EXPORT_SUPPLIER = "export_supplier"
    GAS_SUPPLIER = "gas_supplier"
    ELECTRICITY_DISTRIBUTOR = "electricity_distributor"
    GAS_TRANSPORTER = "gas_transporter"
    REGISTERED_SUPPLIER_AGENT = "registered_supplier_agent"
    OTHER_USER = "other_user"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ").title()


class UserState(StrEnum):
    """Whether a person may sign in: only the active may."""

    INVITED = "invited"
    AWAITING_APPROVAL = "awaiting_approval"
    ACTIVE = "active"
    DISABLED = "disabled"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ").capitalize()


class Purpose(StrEnum):
    """What a one-time link is for."""

    INVITE = "invite"
    RESET = "reset"
    SETUP = "setup"
    EMAIL = "email"


class Notice(StrEnum):
    """What followers are told by mail; each can be switched off by its reader."""

    TICKET_REPLY = "ticket_reply"
    TICKET_SOLVED = "ticket_solved"
    QUESTION_ANSWER = "question_answer"
    QUESTION_COMMENT = "question_comment"
    ANSWER_ACCEPTED = "answer_accepted"

    @property
    def label(self) -> str:
        return NOTICE_LABELS[self]


NOTICE_LABELS = {
    Notice.TICKET_REPLY: "A reply on a ticket I follow",
    Notice.TICKET_SOLVED: "A ticket I follow is solved or reopened",
    Notice.QUESTION_ANSWER: "An answer to a question I follow",
    Notice.QUESTION_COMMENT: "A comment on a question I follow",
    Notice.ANSWER_ACCEPTED: "An answer is accepted on a question I follow",
}


class Refusal(StrEnum):
    """Why a sign-in did not succeed. Wrong e-mail and wrong password are one answer on purpose."""

    WRONG = "wrong"
    NEEDS_CODE = "needs_code"
    WRONG_CODE = "wrong_code"
    AWAITING_APPROVAL = "awaiting_approval"
    DISABLED = "disabled"

    @property
    def sentence(self) -> str:
        return REFUSAL_SENTENCES[self]


REFUSAL_SENTENCES = {
    Refusal.WRONG: "The e-mail address or the password is wrong. Try again, or ask for a link to set a new password.",
    Refusal.NEEDS_CODE: "Enter your password again, and the six-digit code that your authenticator app shows now.",
    Refusal.WRONG_CODE: "The code is wrong or was used already. Wait for the next code in your app and try again.",
    Refusal.AWAITING_APPROVAL: (
        "Your Party's administrator has not approved your account yet. You get an e-mail when they have."
    ),
    Refusal.DISABLED: "This account is switched off. Ask your Party's administrator or the helpdesk.",
}
