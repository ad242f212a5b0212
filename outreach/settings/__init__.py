"""What the environment and outreach.yaml say."""
