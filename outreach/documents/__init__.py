"""YAML files read strictly, with the place of everything in them; all problems at once."""

from outreach.documents.document import Document, Path, Tree
from outreach.documents.fields import FileModel
from outreach.documents.guesses import closest, did_you_mean
from outreach.documents.numerals import numeral_fault
from outreach.documents.passage import Passage
from outreach.documents.reading import load
from outreach.documents.validation import RefusalError, validate

__all__ = [
    "Document",
    "FileModel",
    "Passage",
    "Path",
    "RefusalError",
    "Tree",
    "closest",
    "did_you_mean",
    "load",
    "numeral_fault",
    "validate",
]
