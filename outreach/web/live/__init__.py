"""The live page of `outreach dev`: for the person who edits, on their own machine only."""
