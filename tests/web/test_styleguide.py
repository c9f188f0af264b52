"""The style guide shows the components, so it tells when one of them breaks."""

import dataclasses
import re

from flask import Flask

from tests.client import PageClient


class TestOpening:
    def test_a_developer_sees_every_component(self, client: PageClient) -> None:
        page = client.get("/styleguide")
        assert page.status_code == 200
        for text in ("This answered me", "Nothing likely found", "Internal note: staff only", "Official answer"):
            assert text in page.text

    def test_it_does_not_exist_on_a_real_site(self, app: Flask, client: PageClient) -> None:
        settings = app.extensions["signpost.settings"]
        app.extensions["signpost.settings"] = dataclasses.replace(settings, is_development=False)
        assert client.get("/styleguide").status_code == 404


class TestComponents:
    def test_an_error_is_tied_to_its_field_and_linked_from_the_summary(self, client: PageClient) -> None:
        html = client.get("/styleguide").text
        field = re.search(r'<input[^>]*id="refused-email"[^>]*>', html)
        assert field is not None
        assert 'aria-describedby="refused-email-error"' in field[0]
        assert 'aria-invalid="true"' in field[0]
        assert 'id="refused-email-error"' in html
        assert '<a href="#refused-email">' in html

    def test_a_refused_choice_links_to_its_first_button(self, client: PageClient) -> None:
        html = client.get("/styleguide").text
        assert '<a href="#refused-audience-0">' in html
        assert 'id="refused-audience-0"' in html

    def test_moving_between_pages_keeps_the_filters(self, client: PageClient) -> None:
        html = client.get("/styleguide?tag=smki&tag=h1%26x&page=2").text
        assert 'href="/styleguide?tag=smki&amp;tag=h1%26x&amp;page=3"' in html

    def test_sorting_by_the_sorted_column_turns_it_round(self, client: PageClient) -> None:
        html = client.get("/styleguide").text
        assert 'aria-sort="descending"><a href="/styleguide?sort=age"' in html
        assert 'href="/styleguide?sort=reference"' in html

    def test_a_chart_names_the_table_that_holds_its_figures(self, client: PageClient) -> None:
        html = client.get("/styleguide").text
        for table in re.findall(r'data-table="([^"]+)"', html):
            assert f'<table class="table" id="{table}">' in html

    def test_a_person_can_be_reached_from_the_frame(self, client: PageClient) -> None:
        html = client.get("/styleguide").text
        assert html.count('href="/ask?to=helpdesk"') >= 2
