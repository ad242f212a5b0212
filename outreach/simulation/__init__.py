"""Planning under a moving clock, on a copy: what campaigns would do, before they do it."""
