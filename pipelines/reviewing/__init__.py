"""The parts of `python -m pipelines.review`: questions to people through Label Studio, and their answers back."""
