"""outreach keeps a company close to each of its customers, however many there are."""
