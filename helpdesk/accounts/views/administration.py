"""Administrators' pages of people and organisations."""

from enum import StrEnum
from typing import Any, TypeVar

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from helpdesk.accounts import queries, services
from helpdesk.accounts.enums import Category, UserRole, UserState
from helpdesk.accounts.forms import (
    ROLE_LABELS,
    InviteForm,
    OrganisationForm,
    PersonForm,
    choose_organisation,
    refusals_on,
)
from helpdesk.accounts.models import Organisation
from helpdesk.accounts.policy import Can
from helpdesk.accounts.signin import current_user
from helpdesk.kernel import once, options
from helpdesk.kernel.db import reading, unit_of_work
from helpdesk.kernel.paging import window
from helpdesk.kernel.policy import Role
from helpdesk.web.marks import needs

bp = Blueprint("accounts_admin", __name__, url_prefix="/admin")

Word = TypeVar("Word", bound=StrEnum)


def _chosen(kind: type[Word], argument: str) -> Word | None:
    """The word that a filter names; rubbish means no filter."""
    text = request.args.get(argument, "")
    return kind(text) if text in set(kind) else None


def _searched() -> str:
    return request.args.get("q", "").replace("\0", "").strip()[:200]


@bp.get("/people")
@needs(Can.MANAGE_PEOPLE)
def people() -> ResponseReturnValue:
    role, state, text = _chosen(Role, "role"), _chosen(UserState, "state"), _searched()
    with reading() as db:
        page = queries.people(db, current_user(), window(request.args), text=text, role=role, state=state)
        staff_need_totp = options.read(db, "staff_need_totp")
    return render_template(
        "accounts/admin_people.html",
        page=page,
        text=text,
        role=role,
        state=state,
        roles=ROLE_LABELS,
        states=list(UserState),
        staff_need_totp=staff_need_totp,
    )


@bp.post("/people/staff-second-step")
@needs(Can.MANAGE_PEOPLE)
def staff_second_step() -> ResponseReturnValue:
    with unit_of_work() as db:
        services.require_staff_totp(db, current_user(), request.form.get("is_needed") == "yes")
    flash("Your choice is kept.", "success")
    return redirect(url_for(".people"))


@bp.get("/people/invite")
@needs(Can.MANAGE_PEOPLE)
def invite() -> ResponseReturnValue:
    chosen = request.args.get("organisation", 0, type=int)
    return _invite_page(InviteForm(formdata=None, organisation=chosen))


def _invite_page(form: InviteForm) -> str:
    with reading() as db:
        choose_organisation(form, queries.organisation_choices(db))
    return render_template("accounts/admin_invite.html", form=form)


@bp.post("/people/invite")
@needs(Can.MANAGE_PEOPLE)
def invite_post() -> ResponseReturnValue:
    form = InviteForm()
    with reading() as db:
        choose_organisation(form, queries.organisation_choices(db))
    first: str | None = None
    if form.validate_on_submit():
        with refusals_on(form), unit_of_work() as db:
            first = once.claim(db, form.once.data)
            if first is None:
                place = queries.organisation(db, form.organisation.data) if form.organisation.data else None
                facts = {"email": form.email.data, "name": form.name.data, "role": Role(form.role.data)}
                user = services.invite(db, current_user(), organisation=place, **facts)
                once.settle(db, form.once.data, url_for(".person", user_id=user.id))
    if form.errors:
        return _invite_page(form), 422
    if first is None:
        flash(f"The invitation to {form.email.data} is on its way.", "success")
    return redirect(url_for(".person", user_id=user.id) if first is None else first)


@bp.get("/people/<int:user_id>")
@needs(Can.MANAGE_PEOPLE)
def person(user_id: int) -> ResponseReturnValue:
    return _person_page(user_id)


def _person_page(user_id: int, form: PersonForm | None = None) -> str:
    with reading() as db:
        user = queries.get(db, current_user(), user_id)
        choices = queries.organisation_choices(db)
        sign_ins = queries.sign_ins(db, user_id)
    if form is None:
        facts = {"name": user.name, "role": user.role.value, "organisation": user.organisation_id or 0}
        form = PersonForm(formdata=None, **facts)
    choose_organisation(form, choices)
    return render_template("accounts/admin_person.html", user=user, form=form, sign_ins=sign_ins)


@bp.post("/people/<int:user_id>")
@needs(Can.MANAGE_PEOPLE)
def person_post(user_id: int) -> ResponseReturnValue:
    form, actor = PersonForm(), current_user()
    with reading() as db:
        choose_organisation(form, queries.organisation_choices(db))
    if form.validate_on_submit():
        with refusals_on(form), unit_of_work() as db:
            user = queries.get(db, actor, user_id)
            place = queries.organisation(db, form.organisation.data) if form.organisation.data else None
            services.rename(db, actor, user, form.name.data)
            services.set_role(db, actor, user, Role(form.role.data), place)
    if form.errors:
        return _person_page(user_id, form), 422
    flash("The changes are kept.", "success")
    return redirect(url_for(".person", user_id=user_id))


@bp.get("/organisations")
@needs(Can.MANAGE_ORGANISATIONS)
def organisations() -> ResponseReturnValue:
    category, text = _chosen(Category, "category"), _searched()
    with reading() as db:
        page = queries.organisations(db, window(request.args), text=text, category=category)
    return render_template(
        "accounts/admin_organisations.html", page=page, text=text, category=category, categories=list(Category)
    )


@bp.get("/organisations/new")
@needs(Can.MANAGE_ORGANISATIONS)
def new_organisation() -> ResponseReturnValue:
    return _organisation_page(OrganisationForm(formdata=None))


def _organisation_page(form: OrganisationForm, found: Organisation | None = None) -> str:
    people = []
    if found is not None:
        with reading() as db:
            people = queries.colleagues(db, current_user(), found.id)
    return render_template(
        "accounts/admin_organisation.html", form=form, organisation=found, people=people, roles=ROLE_LABELS
    )


def _facts(form: OrganisationForm) -> dict[str, Any]:
    return {
        "name": form.name.data,
        "category": Category(form.category.data),
        "voting_group": form.voting_group.data or "",
        "user_roles": [UserRole(word) for word in form.user_roles.data],
        "domains": (form.domains.data or "").replace("\0", "").splitlines(),
    }


@bp.post("/organisations/new")
@needs(Can.MANAGE_ORGANISATIONS)
def create_organisation() -> ResponseReturnValue:
    form = OrganisationForm()
    address: str | None = None
    if form.validate_on_submit():
        with refusals_on(form), unit_of_work() as db:
            address = once.claim(db, form.once.data)
            if address is None:
                made = services.create_organisation(db, current_user(), **_facts(form))
                address = url_for(".organisation", organisation_id=made.id)
                once.settle(db, form.once.data, address)
                flash(f"{made.name} is added.", "success")
    if form.errors or address is None:
        return _organisation_page(form), 422
    return redirect(address)


@bp.get("/organisations/<int:organisation_id>")
@needs(Can.MANAGE_ORGANISATIONS)
def organisation(organisation_id: int) -> ResponseReturnValue:
    with reading() as db:
        found = queries.organisation(db, organisation_id)
    form = OrganisationForm(
        formdata=None,
        name=found.name,
        category=found.category.value,
        voting_group=found.voting_group.name if found.voting_group else "",
        user_roles=[row.user_role.value for row in found.user_roles],
        domains="\n".join(row.domain for row in found.domains),
        is_active=found.is_active,
    )
    return _organisation_page(form, found)


@bp.post("/organisations/<int:organisation_id>")
@needs(Can.MANAGE_ORGANISATIONS)
def edit_organisation(organisation_id: int) -> ResponseReturnValue:
    form = OrganisationForm()
    with reading() as db:
        found = queries.organisation(db, organisation_id)
    if form.validate_on_submit():
        with refusals_on(form), unit_of_work() as db:
            row = queries.organisation(db, organisation_id)
            is_active = bool(form.is_active.data)
            services.edit_organisation(db, current_user(), row, is_active=is_active, **_facts(form))
    if form.errors:
        return _organisation_page(form, found), 422
    flash("The changes are kept.", "success")
    return redirect(url_for(".organisation", organisation_id=organisation_id))
