"""The experiment: one base model trained on the same sources in several states of curation, and what came of it."""
