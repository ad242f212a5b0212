"""Every file of a project read at once, with every problem of all of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from outreach.campaign.known import Known
from outreach.campaign.load import read_campaign
from outreach.campaign.model import Campaign
from outreach.campaign.project import campaign_files
from outreach.campaign.template_files import missing_attachments, missing_templates
from outreach.campaign.variant_files import variant_problems
from outreach.documents import RefusalError
from outreach.errors import Problem
from outreach.settings.company import Company
from outreach.settings.company_file import COMPANY_FILE, read_company
from outreach.settings.written import parse_name

_LIKE_YAML = (".yaml", ".yml", ".yaml.txt", ".yml.txt")  # some editors add an ending of their own


@dataclass(frozen=True, slots=True)
class Project:
    """The company's rules and its campaigns by name: those that have no problem.

    `company` is None when outreach.yaml is at fault.
    """

    company: Company | None
    campaigns: Mapping[str, Campaign]
    problems: tuple[Problem, ...]


def load_project(files: Mapping[str, bytes]) -> Project:
    """Everything that can be read in the bytes of a project's files, in order of file and place."""
    problems: list[Problem] = [*_misnamed(files)]
    document, company, known = None, None, None
    if COMPANY_FILE in files:
        document, company, found = read_company(files[COMPANY_FILE])
        known = None if document is None else Known.written(document)
        known = known if company is None else Known.of(company)
        problems += found
    else:
        message, hint = "the project has no such file", "make one with `outreach init`"
        problems.append(Problem(COMPANY_FILE, 0, 0, "missing", message, hint))
    campaigns: dict[str, Campaign] = {}
    for name, path in campaign_files(files):
        document, campaign, found = read_campaign(name, path, files[path], known)
        if document is not None:
            found += missing_templates(document, files)
            found += missing_attachments(document, files)
            found += variant_problems(document, files)
        problems += found
        if campaign is not None and not found:
            campaigns[name] = campaign
    return Project(company, campaigns, tuple(sorted(problems)))


def check_project(files: Mapping[str, bytes]) -> list[Problem]:
    """Every problem of outreach.yaml and the campaigns, in order of file and place."""
    return list(load_project(files).problems)


def _misnamed(files: Mapping[str, bytes]) -> Iterator[Problem]:
    """Files in campaigns/ that would never be read, or whose stem can not be a name."""
    known = {path: name for name, path in campaign_files(files)}
    for path in files:
        if not path.startswith("campaigns/"):
            continue
        if path in known:
            try:
                parse_name(known[path])
            except RefusalError as refusal:
                yield Problem(path, 0, 0, "file-name", refusal.message, refusal.hint)
        elif path.lower().endswith(_LIKE_YAML):
            hint = "put it right into campaigns/, and let its name end in `.yaml`"
            yield Problem(path, 0, 0, "file-name", "this file is not read", hint)
