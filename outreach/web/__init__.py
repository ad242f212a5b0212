"""The pages and webhooks that customers, mail programs and providers call."""
