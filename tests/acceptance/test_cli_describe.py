"""`outreach describe` reads a campaign back in words."""

from pathlib import Path

from commands import outreach, outreach_here


def test_the_sample_is_read_back(project: Path) -> None:
    answer = outreach(project, "describe", "weekly-greeting")

    assert answer.code == 0
    assert answer.out == (
        "Friday greeting is mei@example.com's, about A greeting at the weekend, and active. It is "
        "for customers in the stage development or growth or maturity, but for those tagged do-not-"
        "greet. Only who agreed to that topic and has an address gets it. Each Friday at 17:00, by each customer's own "
        "clock. What can not go by 23:00 is dropped. It may go only from 09:00 to 20:00 of their "
        "day. The company's quiet hours hold as well. At most 1 per 7 days about greetings, besides "
        "the company's limits. Who has had as many gets none. Where two campaigns want the last "
        "place the higher priority has it; this one has 40. It goes by sms, else by email: the "
        "first that may reach them, as the template weekly-greeting (greet). What fails for "
        "good there, in time, goes on by the next.\n"
    )


def test_in_chinese_and_as_json(project: Path) -> None:
    found = outreach_here(project, "describe", "weekly-greeting", "--lang", "zh", "--json").json

    assert found["campaign"] == "weekly-greeting"
    assert "每星期五 17:00，以客户当地时间为准。到 23:00 仍不能发送的，不再发送。" in found["text"]


def test_a_language_that_is_not_spoken_is_refused(project: Path) -> None:
    answer = outreach_here(project, "describe", "weekly-greeting", "--lang", "xx")

    assert answer.code == 2
    assert answer.err == "outreach: `--lang xx` is not spoken; there are `en`, `zh`\n"


def test_check_reads_every_campaign_back_where_it_is_asked_to(project: Path) -> None:
    (project / "campaigns/win-back.yaml").write_text("title: Broken\n")

    found = outreach_here(project, "check", "--describe", "--lang", "zh", "--json").json
    shown = outreach_here(project, "check", "--describe").out
    alone = outreach_here(project, "check").out

    by_name = {each["campaign"]: each["text"] for each in found["described"]}
    assert list(by_name) == ["birthday", "service-notice", "weekly-greeting"]
    assert "每星期五 17:00" in by_name["weekly-greeting"]
    assert {each["file"] for each in found["problems"]} == {"campaigns/win-back.yaml"}
    greeting = outreach_here(project, "describe", "weekly-greeting").out
    assert shown.startswith(alone)
    assert shown.endswith(f"weekly-greeting\n{greeting}\n")


def test_a_language_of_nothing_is_refused(project: Path) -> None:
    answer = outreach_here(project, "check", "--lang", "zh")

    assert answer.err == "outreach: `--lang` is for `--describe`; add `--describe`\n"
