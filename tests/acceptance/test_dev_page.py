"""The page of `outreach dev` in a real Chromium, while its project is edited."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser import chromium
from commands import sample_project
from live import MAIL, edit, reading, served
from mailed import BEFORE, ORDERS, PEOPLE, bring
from playwright.sync_api import Browser, FloatRect, Page, Route, expect
from pytest_httpserver import HTTPServer
from servers import or_skip
from waiting import wait_for

LONG = 120_000  # milliseconds: a process of its own, behind all others
GREETING = Path("templates/weekly-greeting")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with or_skip(chromium(), "Chromium") as running:
        yield running


@pytest.fixture(scope="module")
def peopled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose greeting is for Ann and Cat by mail, and for Bob by text; only looked at."""
    project = sample_project(tmp_path_factory.mktemp("peopled") / "project")
    bring(project, "customers", PEOPLE, BEFORE)
    bring(project, "events", ORDERS, BEFORE)
    return project


@pytest.fixture
def page(project: Path, browser: Browser) -> Iterator[Page]:
    """The greeting of a project with nobody in it, which the test may edit."""
    with served(project) as url, reading(browser, url, "weekly-greeting") as page:
        yield page


@pytest.fixture
def beside(peopled: Path, browser: Browser) -> Iterator[Page]:
    """The greeting beside its customers."""
    with served(peopled) as url, reading(browser, url, "weekly-greeting") as page:
        yield page


def mail(page: Page) -> str:
    """What is read in the mail."""
    return page.frame_locator(MAIL).locator("body").inner_text()


def box(page: Page) -> FloatRect:
    """Of the mail's frame, once it is laid out: a newer look may just take its place."""
    found = None
    while found is None:
        page.locator(MAIL).wait_for()
        found = page.locator(MAIL).bounding_box()
    return found


def colour(page: Page) -> str:
    """Of the mail's ground."""
    body = page.frame_locator(MAIL).locator("body")
    found: str = body.evaluate("each => getComputedStyle(each).backgroundColor")
    return found


def test_an_edit_of_a_template_shows(page: Page, project: Path) -> None:
    page.get_by_role("tab", name="Desktop").click()
    expect(page.frame_locator(MAIL).locator("body")).to_contain_text("weekend")

    edit(
        project / GREETING / "body.html", "{% block heading %}", "{% block heading %}Dear reader: "
    )
    edit(project / GREETING / "subject.txt", "", "News: ")

    expect(page.frame_locator(MAIL).locator("body")).to_contain_text("Dear reader: ")
    expect(page.locator("#subject")).to_contain_text("News: ")
    expect(page.locator("#took")).to_contain_text("s after it was saved")


def test_a_fault_shows_with_its_place_and_goes_when_mended(page: Page, project: Path) -> None:
    problems = page.locator("#problems")
    expect(page.locator("#counted")).to_have_text("No problems")
    expect(page.locator(".bubble")).to_contain_text("the week is done")

    edit(project / GREETING / "sms.txt", "{{ salutation }}", "{{ frist_name }}")

    expect(problems).to_contain_text("templates/weekly-greeting/sms.txt:1:4")
    expect(problems).to_contain_text("customer has no frist_name")
    expect(problems).to_contain_text("did you mean first_name?")
    expect(page.locator("mark")).to_have_text("frist_name")
    expect(page.locator("nav a[aria-current]")).to_contain_text("1 problem")
    expect(page.locator("#stale")).to_have_text(
        "Files are at fault: this is the message as it was before."
    )
    expect(page.locator(".bubble")).to_contain_text("the week is done")

    edit(project / GREETING / "sms.txt", "{{ frist_name }}", "{{ salutation }}")

    expect(page.locator("#counted")).to_have_text("No problems")
    expect(problems).to_be_empty()
    expect(page.locator("#stale")).to_be_hidden()


def test_a_broken_company_file_shows_its_fault_and_the_page_recovers(
    page: Page, project: Path
) -> None:
    expect(page.locator("#plan")).to_contain_text("in the audience")
    rules = (project / "outreach.yaml").read_text()

    (project / "outreach.yaml").write_text(rules.replace("brand:", "brand: [", 1))

    expect(page.locator("#problems")).to_contain_text("outreach.yaml:")
    expect(page.locator("#stale")).to_be_visible()
    expect(page.locator("#plan")).to_contain_text("As it was before the files were at fault.")
    expect(page.locator("#plan")).to_contain_text("in the audience")

    (project / "outreach.yaml").unlink()

    expect(page.locator("#counted")).to_contain_text("there is no outreach.yaml")

    (project / "outreach.yaml").write_text(rules)

    expect(page.locator("#counted")).to_have_text("No problems")
    expect(page.locator("#stale")).to_be_hidden()
    expect(page.locator("#plan")).not_to_contain_text("As it was before")


def test_a_new_campaign_is_listed_and_one_that_goes_is_not(page: Page, project: Path) -> None:
    file = project / "campaigns/second-greeting.yaml"
    text = (project / "campaigns/weekly-greeting.yaml").read_text()

    file.write_text(text.replace("Friday greeting", "Second greeting"))
    page.get_by_role("link", name="Second greeting").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Second greeting")

    file.unlink()

    expect(page.get_by_role("link", name="Second greeting")).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_have_text("Happy birthday")


def test_on_an_empty_base_somebody_made_up_reads_each_language(page: Page) -> None:
    expect(page.locator("#about")).to_contain_text("somebody made up, of whom all is known")
    expect(page.locator(".bubble")).to_contain_text("Al, the week is done")

    page.get_by_label("Language", exact=True).select_option("de")

    expect(page.locator("#panel")).to_contain_text("Language")
    expect(page.locator(".bubble")).to_contain_text("Wochenende")

    page.get_by_label("For whom").select_option("bare")

    expect(page.locator("#about")).to_contain_text("only what the templates need")
    expect(page.locator("#rules")).to_have_text("Somebody made up: no rule is asked.")


def test_the_typical_customer_the_plan_and_the_next_occurrences(beside: Page) -> None:
    expect(beside.locator("#about")).to_contain_text("typical of those who would get it")
    expect(beside.locator("#about")).to_contain_text("3 of 3 looked at are alike")
    expect(beside.locator("#plan")).to_contain_text("By channelsms 1, email 2")
    expect(beside.locator("#coming li").first).to_have_text(
        "Friday 2026-07-03 17:00 by each customer's own clock"
    )
    expect(beside.locator("#coming li")).to_have_count(5)


def test_a_campaign_is_said_in_words_in_either_language(beside: Page) -> None:
    expect(beside.locator("#words")).to_contain_text("Each Friday at 17:00, by each customer's own")

    beside.get_by_label("Language of the words").select_option("zh")

    expect(beside.locator("#words p[lang=zh]")).to_contain_text("17:00")
    expect(beside.locator("#words")).to_contain_text("每星期五")


def test_a_customer_is_chosen_by_key_and_the_rules_are_told(beside: Page) -> None:
    beside.get_by_label("For whom").select_option("customer")
    beside.get_by_label("Key", exact=True).fill("b")
    expect(beside.locator("#keys option")).to_have_attribute("value", "bob")
    beside.get_by_label("Key", exact=True).fill("bob")
    beside.get_by_label("Key", exact=True).press("Enter")

    expect(beside.locator(".bubble")).to_contain_text("Bob")
    expect(beside.locator("#rules .decision")).to_contain_text("bob would get it by sms at 2026-07")
    beside.get_by_text("Every rule", exact=True).click()
    expect(beside.get_by_role("row", name="capped sms ok")).to_be_visible()

    beside.get_by_label("Key", exact=True).fill("nobody")
    beside.get_by_label("Key", exact=True).press("Enter")

    expect(beside.locator("#stale")).to_contain_text("there is no customer nobody")


def test_a_customer_who_is_found_while_a_look_is_on_its_way_is_shown(beside: Page) -> None:
    expect(beside.locator("#about")).to_contain_text("typical of those who would get it")

    def late(route: Route) -> None:
        sought = {**route.fetch().json(), "is_sought": True}
        wait_for(lambda: not route.fetch().json()["is_sought"])
        time.sleep(0.3)  # the page has been told by then
        route.fulfill(json=sought)

    beside.route("**/show?*", late, times=1)
    beside.evaluate(
        "document.getElementById('about').textContent = '';"
        "location.hash = '#campaign=service-notice'"
    )

    expect(beside.locator("#about")).to_contain_text("typical of")


def test_a_mail_is_seen_on_a_desktop_a_phone_in_the_dark_and_as_text(page: Page) -> None:
    page.get_by_role("tab", name="Desktop").click()
    expect(page.locator(".screen.desktop iframe")).to_have_count(1)
    wide, light = box(page), colour(page)

    page.get_by_role("tab", name="Phone").click()
    expect(page.locator(f".screen.phone {MAIL}")).to_have_count(1)
    narrow = box(page)

    page.get_by_role("tab", name="Dark").click()
    expect(page.locator(f".screen.dark {MAIL}")).to_have_count(1)
    dark = colour(page)

    page.get_by_role("tab", name="Text").click()
    expect(page.locator("pre.text")).to_contain_text("unsubscribe")

    assert (narrow["width"], wide["width"] > 500) == (375, True)
    assert (light, dark) == ("rgb(244, 239, 230)", "rgb(26, 22, 19)")


def test_a_text_message_tells_its_segments_and_what_makes_it_dear(
    page: Page, project: Path
) -> None:
    expect(page.locator("#panel")).to_contain_text("1 segment: ")

    edit(project / GREETING / "sms.txt", "{{ salutation }}", "“{{ salutation }}”")

    expect(page.locator("#panel")).to_contain_text("2 segments: ")
    expect(page.locator("#panel")).to_contain_text("because of: “ ”")


def test_a_task_is_seen_as_its_owner_gets_it(page: Page, project: Path) -> None:
    (project / "templates/letter").mkdir()
    (project / "templates/letter/task.txt").write_text(
        "letter: Write to {{ salutation }}\n\nThanks."
    )
    campaign = (project / "campaigns/service-notice.yaml").read_text()
    campaign = campaign.replace("[email, sms]", "task").replace(
        "template: service-notice", "template: letter"
    )
    (project / "campaigns/letter.yaml").write_text(campaign)

    page.get_by_role("link", name="letter").click()

    expect(page.locator(".task .kind")).to_have_text("letter")
    expect(page.locator("#subject")).to_have_text("Write to Al")
    expect(page.locator(".task")).to_contain_text("Customer")


def test_of_variants_the_one_is_seen_that_is_chosen(page: Page, project: Path) -> None:
    folder = project / GREETING / "warm"
    folder.mkdir()
    (folder / "sms.txt").write_text("{{ salutation }}, warm greetings. Reply STOP to opt out")
    (folder / "body.html").write_text((project / GREETING / "body.html").read_text())
    edit(folder / "body.html", "{% block heading %}", "{% block heading %}Warmly: ")
    variants = "experiment: {variants: {plain: 1, warm: 1}}\n"
    edit(project / "campaigns/weekly-greeting.yaml", "title:", f"{variants}title:")

    page.get_by_label("Variant").select_option("warm")

    expect(page.locator(".bubble")).to_contain_text("warm greetings")
    page.get_by_role("tab", name="Desktop").click()
    expect(page.frame_locator(MAIL).get_by_text("Warmly: ")).to_be_visible()

    page.get_by_label("Variant").select_option("plain")

    expect(page.frame_locator(MAIL).get_by_text("Warmly: ")).to_have_count(0)


def test_of_several_steps_the_one_is_seen_that_is_chosen(page: Page, project: Path) -> None:
    greeting = project / "campaigns/weekly-greeting.yaml"
    text = greeting.read_text()
    later = "  - wait: 3 days\n  - {id: more, channels: [email], template: win-back}\n"
    at = text.index("\n", text.index("template: weekly-greeting")) + 1
    greeting.write_text(text[:at] + later + text[at:])

    expect(page.locator("#step-field")).to_be_visible()
    expect(page.locator("#step")).to_have_value("greet")
    page.locator("#step").select_option("more")

    expect(page.locator("#step")).to_have_value("more")
    assert "step=more" in page.url


def test_campaign_tests_run_again_when_anything_they_look_at_is_edited(
    page: Page, project: Path
) -> None:
    expect(page.locator("#tests")).to_have_text("There are none under tests/ yet.")
    (project / "tests").mkdir()
    (project / "tests/service-notice.yaml").write_text(
        "campaign: service-notice\nat: 2026-07-03T10:00\ncases:\n"
        "  - name: everybody\n    customer: {email: anna@example.com}\n"
        "    expect: {decision: send, channel: email}\n"
    )

    expect(page.locator("#tests .count")).to_have_text("1 passed, 0 failed", timeout=LONG)

    edit(project / "campaigns/service-notice.yaml", "audience: everyone", "audience: {country: DE}")

    expect(page.locator("#tests")).to_contain_text("tests/service-notice.yaml:4", timeout=LONG)
    expect(page.locator("#tests")).to_contain_text("decision: send expected, got skip")


def test_tabs_are_walked_by_keys(page: Page) -> None:
    page.get_by_role("tab", name="SMS").press("ArrowLeft")
    expect(page.get_by_role("tab", name="Text")).to_be_focused()
    page.keyboard.press("Home")

    expect(page.get_by_role("tab", name="SMS")).to_be_focused()
    expect(page.get_by_role("tab", name="SMS")).to_have_attribute("aria-selected", "true")


def test_what_is_looked_at_outlives_a_reload(beside: Page) -> None:
    beside.get_by_label("For whom").select_option("customer")
    beside.get_by_label("Key", exact=True).fill("cat")
    beside.get_by_label("Key", exact=True).press("Enter")
    beside.get_by_role("tab", name="Text").click()
    expect(beside.locator("pre.text")).to_contain_text("Cat")

    beside.reload()

    expect(beside.locator("pre.text")).to_contain_text("Cat")
    assert beside.get_by_label("Key", exact=True).input_value() == "cat"


def test_another_campaign_is_for_the_same_customer(beside: Page) -> None:
    beside.get_by_label("For whom").select_option("customer")
    beside.get_by_label("Key", exact=True).fill("ann")
    beside.get_by_label("Key", exact=True).press("Enter")
    expect(beside.locator("#about")).to_have_text("ann")

    beside.get_by_role("link", name="Our warehouse moves").click()

    expect(beside.get_by_role("heading", level=1)).to_have_text("Our warehouse moves")
    expect(beside.locator("#rules .decision")).to_contain_text("ann would get it by email")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_use_it(page: Page, project: Path, scheme: str) -> None:
    """By axe's rules, on every tab, also while something is at fault."""
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    found = []
    for tab in ("SMS", "Desktop", "Text"):
        page.get_by_role("tab", name=tab).click()
        expect(page.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true")
        found += Axe().run(page).response["violations"]
    edit(project / GREETING / "sms.txt", "{{ salutation }}", "{{ frist_name }}")
    expect(page.locator("mark")).to_have_text("frist_name")
    found += Axe().run(page).response["violations"]

    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found] == []


def test_nothing_of_a_mail_runs_or_is_loaded_without_leave(
    project: Path, browser: Browser, httpserver: HTTPServer
) -> None:
    httpserver.expect_request("/one.png").respond_with_data(b"", content_type="image/png")
    address = httpserver.url_for("/one.png")
    script = "<script>parent.document.title = 'owned'</script>"
    stranger = f'<img src="{address}" alt="A record">{script}'
    body = project / GREETING / "body.html"
    edit(body, "{% block content %}", "{% block content %}" + stranger)

    with served(project) as url, reading(browser, url, "weekly-greeting", refuses=True) as page:
        page.get_by_role("tab", name="Desktop").click()
        expect(page.frame_locator(MAIL).locator("img")).to_have_count(1)
        page.get_by_role("tab", name="Phone").click()
        expect(page.locator(f".screen.phone {MAIL}")).to_have_count(1)
        before, title = len(httpserver.log), page.title()

        page.get_by_label("Load pictures from the web").check()
        wait_for(lambda: len(httpserver.log) > 0)

    assert (before, title) == (0, "Friday greeting: outreach dev")


def test_links_of_a_mail_lead_nowhere(project: Path, browser: Browser) -> None:
    with served(project) as url, reading(browser, url, "weekly-greeting", refuses=True) as page:
        page.get_by_role("tab", name="Desktop").click()
        page.frame_locator(MAIL).get_by_role("link").first.click()

        expect(page.frame_locator(MAIL).locator("body")).to_contain_text("weekend")
        assert len(page.context.pages) == 1
