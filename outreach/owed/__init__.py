"""Promises and answers that are owed: events become tasks, and end them."""
