"""Tasks: what the people behind the customers do themselves."""
