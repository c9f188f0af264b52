"""The application: the only module that knows every domain, and the tables that tie them together."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cache
from typing import Any

from flask import Blueprint, Flask, g, request
from flask_babel import Babel
from jinja2 import StrictUndefined
from werkzeug.local import LocalProxy
from werkzeug.middleware.proxy_fix import ProxyFix

from helpdesk import worker
from helpdesk.accounts import policy as accounts_policy
from helpdesk.accounts import signin
from helpdesk.accounts.views import account, administration, doors
from helpdesk.analytics import handlers as analytics_handlers
from helpdesk.analytics import jobs as analytics_jobs
from helpdesk.analytics import policy as analytics_policy
from helpdesk.analytics.views import figures, topics
from helpdesk.community import events as community_events
from helpdesk.community import handlers as community_handlers
from helpdesk.community import jobs as community_jobs
from helpdesk.community import policy as community_policy
from helpdesk.community import texts as community_texts
from helpdesk.community.views import editing, moderating, reading, taking_part
from helpdesk.config import PROJECT_ROOT, Settings
from helpdesk.kernel import db as database
from helpdesk.kernel import events, jobs, options, policy, screening, sources
from helpdesk.kernel.files import FileStore
from helpdesk.knowledge import policy as knowledge_policy
from helpdesk.knowledge import queries as knowledge_queries
from helpdesk.knowledge import views as knowledge_views
from helpdesk.portal import policy as portal_policy
from helpdesk.portal.views import admin, ask, home, learning
from helpdesk.rulebook import handlers as rulebook_handlers
from helpdesk.rulebook import jobs as rulebook_jobs
from helpdesk.rulebook import policy as rulebook_policy
from helpdesk.rulebook import queries as rulebook_queries
from helpdesk.rulebook import resolver as rulebook_resolver
from helpdesk.rulebook import views as rulebook_views
from helpdesk.tickets import events as tickets_events
from helpdesk.tickets import jobs as tickets_jobs
from helpdesk.tickets import policy as tickets_policy
from helpdesk.tickets import queries as tickets_queries
from helpdesk.tickets import routing as tickets_routing
from helpdesk.tickets.views import desk, requester, work
from helpdesk.triage import api as triage_api
from helpdesk.triage import engine as triage_engine
from helpdesk.triage import handlers as triage_handlers
from helpdesk.triage import jobs as triage_jobs
from helpdesk.triage import panels as triage_panels
from helpdesk.triage import policy as triage_policy
from helpdesk.triage import views as triage_views
from helpdesk.web import converters, errors, filters, logs, mailer, security, slots, styleguide, text

BLUEPRINTS: Sequence[Blueprint] = (
    home.bp,
    ask.bp,
    admin.bp,
    learning.bp,
    figures.bp,
    topics.bp,
    styleguide.bp,
    doors.bp,
    account.bp,
    administration.bp,
    rulebook_views.bp,
    reading.bp,
    reading.feed_bp,
    taking_part.bp,
    editing.bp,
    moderating.bp,
    knowledge_views.bp,
    requester.bp,
    desk.bp,
    work.bp,
    triage_api.bp,
    triage_views.bp,
)
HANDLERS: Mapping[type[events.Event], Sequence[events.Handler]] = {
    events.ContentChanged: (rulebook_handlers.keep_citations, triage_handlers.follow_content),
    community_events.AnswerPosted: (community_handlers.tell_of_answer,),
    community_events.CommentPosted: (community_handlers.tell_of_comment,),
    community_events.AnswerAccepted: (community_handlers.tell_of_accepted, triage_handlers.learn_accepted),
    community_events.DuplicateMarked: (triage_handlers.learn_duplicate,),
    tickets_events.TicketOpened: (triage_handlers.predict_opened, analytics_handlers.keep_figures),
    tickets_events.TicketsImported: (triage_handlers.predict_opened, analytics_handlers.keep_figures),
    tickets_events.TicketCorrected: (triage_handlers.learn_correction, analytics_handlers.keep_figures),
    tickets_events.ClauseLinked: (triage_handlers.learn_clause,),
    tickets_events.TicketSolved: (analytics_handlers.keep_figures,),
    tickets_events.TicketReopened: (analytics_handlers.keep_figures,),
    tickets_events.MessageAdded: (analytics_handlers.keep_figures,),
}
JOBS: Mapping[str, jobs.Job] = {
    "kernel.sweep": worker.sweep,
    "analytics.refresh": analytics_jobs.refresh,
    "community.notify_answer": community_jobs.notify_answer,
    "community.notify_comment": community_jobs.notify_comment,
    "community.notify_accepted": community_jobs.notify_accepted,
    "rulebook.rebuild_citations": rulebook_jobs.rebuild_citations,
    "tickets.notify": tickets_jobs.notify,
    "triage.index": triage_jobs.index,
    "triage.mend": triage_jobs.mend,
    "triage.turn": triage_jobs.turn,
    "triage.predict": triage_jobs.predict,
    "triage.returned": triage_jobs.returned,
    "triage.presume": triage_jobs.presume,
    "triage.group": triage_jobs.group,
    "triage.curve": triage_jobs.curve,
}
PANELS: Mapping[str, Sequence[slots.Panel]] = {
    "ticket.sidebar": (triage_panels.ticket_sidebar,),
    "question.aside": (triage_panels.question_related,),
    "answer.aside": (triage_panels.answer_related,),
    "desk.new_ticket": (triage_panels.new_ticket,),
}
SOURCES: Sequence[sources.Source] = (
    community_texts.SOURCE,
    knowledge_queries.ANSWERS,
    knowledge_queries.ARTICLES,
    rulebook_queries.SOURCE,
    tickets_queries.SOURCE,
)
RULES: Sequence[policy.Rules] = (
    accounts_policy.RULES,
    analytics_policy.RULES,
    portal_policy.RULES,
    rulebook_policy.RULES,
    community_policy.RULES,
    knowledge_policy.RULES,
    tickets_policy.RULES,
    triage_policy.RULES,
)
SESSION_DAYS = 14
FORM_MEMORY_BYTES = 1024 * 1024  # text fields of one form together


def create_app(settings: Settings, site: database.Database | None = None) -> Flask:
    """The site of `settings`; tests hand in their own database."""
    logs.configure()
    app = Flask("helpdesk", template_folder=str(PROJECT_ROOT / "templates"))
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_SECURE=settings.is_secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        REMEMBER_COOKIE_SECURE=settings.is_secure,
        REMEMBER_COOKIE_HTTPONLY=True,
        PERMANENT_SESSION_LIFETIME=SESSION_DAYS * 86_400,
        MAX_CONTENT_LENGTH=settings.max_upload_bytes + FORM_MEMORY_BYTES,
        MAX_FORM_MEMORY_SIZE=FORM_MEMORY_BYTES,
        WTF_CSRF_TIME_LIMIT=SESSION_DAYS * 86_400,
    )
    app.url_map.converters["int"] = converters.RowNumber
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    database.configure(site or database.Database(settings.database_url))
    Babel(app, default_locale="en_GB", timezone_selector=lambda: signin.current_user().timezone)
    logs.install(app)
    security.install(app)
    errors.install(app)
    install_tables(app, settings)
    mount(app, settings)
    if settings.is_secure:  # behind one reverse proxy that ends TLS
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]
    return app


def install_tables(app: Flask, settings: Settings) -> None:
    """Hand each table to the part of the process that reads it; whoever comes last is read."""
    messages = mailer.Mailer(settings, app.jinja_env, mailer.port_for(settings))
    events.install(HANDLERS)
    files = FileStore(settings.data_dir / "files", settings.max_upload_bytes)
    jobs.install({"kernel.mail": messages.deliver, "kernel.sweep_files": files.sweep, **JOBS})
    sources.install(SOURCES)
    screening.install(tickets_routing.refusal)
    triage_engine.configure(settings)
    text.install(app, rulebook_resolver.memory.link)
    app.extensions["signpost.warm"] = [triage_engine.warm]
    app.extensions["signpost.settings"] = settings
    app.extensions["signpost.files"] = files


def mount(app: Flask, settings: Settings) -> None:
    """Put every page and panel where it is found; once, before the first request."""
    slots.install(app, PANELS)
    signin.install(app, merged_rules())
    filters.install(app, can=_can)
    app.context_processor(lambda: _frame(settings))
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)


@cache
def merged_rules() -> policy.Rules:
    """Every domain's permissions in one map; their names carry the domain, so none hides another."""
    merged: dict[StrEnum, tuple[policy.Predicate, ...]] = {}
    for rules in RULES:
        merged.update(rules)
    return merged


def _can(permission: str, subject: object = None) -> bool:
    """Templates ask the same map that services enforce: `can("ticket:assign", ticket)`."""
    return policy.can(merged_rules(), signin.current_user(), _permissions()[permission], subject)


@cache
def _permissions() -> dict[str, StrEnum]:
    return {str(permission): permission for permission in merged_rules()}


def _frame(settings: Settings) -> dict[str, Any]:
    """What every page's frame needs: who reads it, what the site says of itself, which part of it this is."""
    part = request.path.split("/")[1] or "home"
    # A part of a page has no frame, and does not ask for what only the frame shows.
    site = LocalProxy(lambda: _site(settings))
    return {"current_user": signin.current_user(), "site": site, "nav_active": part}


def _site(settings: Settings) -> dict[str, Any]:
    """What the page frame says about the site; read once a request."""
    if "site" not in g:
        with database.reading() as db:
            is_demonstration = bool(options.read(db, "is_demonstration"))
        g.site = {
            "name": settings.site_name,
            "base_url": settings.base_url,
            "is_demonstration": is_demonstration,
            "helpdesk_phone": settings.helpdesk_phone,
            "helpdesk_email": settings.helpdesk_email,
            "hours": "Monday to Friday, 9am to 5pm, except bank holidays in England",
        }
    return dict(g.site)
