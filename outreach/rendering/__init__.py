"""One personal message per customer: templates compiled once, filled for each."""

from outreach.rendering.check import check_templates
from outreach.rendering.compiled import Compiled
from outreach.rendering.compiling import compile_step
from outreach.rendering.context import build_context, context_names
from outreach.rendering.needs import Need
from outreach.rendering.recipient import Recipient
from outreach.rendering.refusal import RenderError
from outreach.rendering.segments import Segments, segments
from outreach.rendering.trial import trial

__all__ = [
    "Compiled",
    "Need",
    "Recipient",
    "RenderError",
    "Segments",
    "build_context",
    "check_templates",
    "compile_step",
    "context_names",
    "segments",
    "trial",
]
