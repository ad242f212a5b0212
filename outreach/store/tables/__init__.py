"""Every table, for SQLite and PostgreSQL alike; migrations/ makes them."""

from outreach.store.tables.approvals import approvals
from outreach.store.tables.consent import (
    consent_states,
    consents,
    further_suppressions,
    refusals,
    soft_bounces,
    suppressions,
)
from outreach.store.tables.dates import customer_dates
from outreach.store.tables.erasures import erased_addresses
from outreach.store.tables.fallbacks import fallbacks
from outreach.store.tables.feedback import feedback_mails
from outreach.store.tables.holds import channel_holds, run_answers
from outreach.store.tables.inbound import inbound_messages
from outreach.store.tables.interests import interest_origins
from outreach.store.tables.journeys import awaited_events, enrolments
from outreach.store.tables.limits import limits
from outreach.store.tables.metadata import metadata
from outreach.store.tables.people import customers, event_ids, events, places, stage_changes
from outreach.store.tables.reactions import links, pictures, reactions
from outreach.store.tables.sending import attempts, audit, deliveries, marks, receipts, workers
from outreach.store.tables.stages import customer_stages
from outreach.store.tables.tasks import owner_changes, pending_events, tasks
from outreach.store.tables.winners import journey_winners, winners
from outreach.store.tables.work import blobs, campaigns, company_rules, revisions, runs

__all__ = [
    "approvals",
    "attempts",
    "audit",
    "awaited_events",
    "blobs",
    "campaigns",
    "channel_holds",
    "company_rules",
    "consent_states",
    "consents",
    "customer_dates",
    "customer_stages",
    "customers",
    "deliveries",
    "enrolments",
    "erased_addresses",
    "event_ids",
    "events",
    "fallbacks",
    "feedback_mails",
    "further_suppressions",
    "inbound_messages",
    "interest_origins",
    "journey_winners",
    "limits",
    "links",
    "marks",
    "metadata",
    "owner_changes",
    "pending_events",
    "pictures",
    "places",
    "reactions",
    "receipts",
    "refusals",
    "revisions",
    "run_answers",
    "runs",
    "soft_bounces",
    "stage_changes",
    "suppressions",
    "tasks",
    "winners",
    "workers",
]
