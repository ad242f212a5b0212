"""A made-up company on real purchases: what `outreach demo` runs on."""
