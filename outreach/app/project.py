"""The project's files as commands need them: one campaign whole, and the rules in force."""

from outreach.app.context import Context
from outreach.campaign.model import Campaign
from outreach.campaign.project import campaign_files
from outreach.documents import did_you_mean
from outreach.errors import ProblemsFound, UsageError
from outreach.settings.company_file import COMPANY_FILE
from outreach.store.engine import reading, writing
from outreach.store.revisions import company_digest, digest_of, save_company

RULES = (COMPANY_FILE, "lifecycles/")  # what workers need of the company besides a campaign's own


def campaign_named(context: Context, name: str) -> Campaign:
    """The campaign of this name; ProblemsFound with what is wrong with it or with outreach.yaml.

    UsageError where there is none.
    """
    found = context.loaded.campaigns.get(name)
    if found is not None and context.loaded.company is not None:
        return found
    paths = dict(campaign_files(context.files.contents))
    if name not in paths:
        hint = did_you_mean(name, paths, listing="there are") or "write it under campaigns/"
        raise UsageError(f"there is no campaign `{name}`", hint)
    about = (COMPANY_FILE, paths[name])
    raise ProblemsFound([each for each in context.loaded.problems if each.file in about])


def save_rules(context: Context) -> str:
    """Put the company's rules into the database, for workers to see; their digest.

    ProblemsFound where outreach.yaml is at fault: the rules in force stay.
    """
    context.company()
    files = {
        path: content for path, content in context.files.contents.items() if path.startswith(RULES)
    }
    digest = digest_of(files)
    with reading(context.engine) as conn:
        known = company_digest(conn)
    if known != digest:
        with writing(context.engine) as conn:
            save_company(conn, files, context.now())
    return digest
