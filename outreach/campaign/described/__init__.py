"""A campaign read back in words, for whoever reads no YAML: the words of each language, and how they join."""
