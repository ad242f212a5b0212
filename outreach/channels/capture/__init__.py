"""Messages as files, for every channel without a provider."""
