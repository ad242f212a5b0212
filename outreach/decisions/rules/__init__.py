"""The rules: one module a rule, each a named SQL expression that is true where the rule fails."""
