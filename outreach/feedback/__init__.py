"""What comes back: opt-outs, answers, receipts, bounces; each says what follows from it."""
