"""Use cases, and the one place that builds engines, clocks and registries."""
